package smi

import (
	"strings"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

const groupHead = `
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata: {name: x, namespace: shop}
`

func groupOf(matches ...model.NamedMatch) *model.RouteGroup {
	return &model.RouteGroup{Key: key("x"), Matches: matches}
}

func match(name string, m model.HTTPMatch) model.NamedMatch {
	return model.NamedMatch{Name: name, HTTPMatch: m}
}

// Trap 34: headers in both shapes, all of which must hold, the same one twice.
// Trap 35: names in any case, the host, no pseudo-headers.
func TestRouteGroup(t *testing.T) {
	left := "; this match is left out"
	tests := map[string]struct {
		matches string
		want    *model.RouteGroup
		diag    []refusal
	}{
		"a name alone matches all": {matches: `[{name: all}]`, want: groupOf(match("all", model.HTTPMatch{}))},
		"all parts": {
			matches: `[{name: m, pathRegex: "/api/.*", methods: [POST, GET], headers: [{X-User: "a.*"}, {accept: json}]}]`,
			want: groupOf(match("m", model.HTTPMatch{
				PathRegex: "/api/.*", Methods: []string{"GET", "POST"},
				Headers: []model.HeaderMatch{{Name: "accept", Regex: "json"}, {Name: "x-user", Regex: "a.*"}},
			})),
		},
		"headers as a map": {
			matches: `[{name: m, headers: {X-User: "a.*", accept: json}}]`,
			want:    groupOf(match("m", model.HTTPMatch{Headers: []model.HeaderMatch{{Name: "accept", Regex: "json"}, {Name: "x-user", Regex: "a.*"}}})),
		},
		"several headers in one map of the list": {
			matches: `[{name: m, headers: [{b: x, a: q}]}]`,
			want:    groupOf(match("m", model.HTTPMatch{Headers: []model.HeaderMatch{{Name: "a", Regex: "q"}, {Name: "b", Regex: "x"}}})),
		},
		"a header twice has to match both": {
			matches: `[{name: m, headers: [{a: "x.*"}, {A: ".*y"}, {a: "x.*"}]}]`,
			want:    groupOf(match("m", model.HTTPMatch{Headers: []model.HeaderMatch{{Name: "a", Regex: ".*y"}, {Name: "a", Regex: "x.*"}}})),
		},
		"host": {
			matches: `[{name: m, headers: {Host: shop.example.com}}]`,
			want:    groupOf(match("m", model.HTTPMatch{Headers: []model.HeaderMatch{{Name: "host", Regex: "shop.example.com"}}})),
		},
		"every method by star": {matches: `[{name: m, methods: [GET, "*"]}]`, want: groupOf(match("m", model.HTTPMatch{}))},
		"methods in any case":  {matches: `[{name: m, methods: [get, Get]}]`, want: groupOf(match("m", model.HTTPMatch{Methods: []string{"GET"}}))},
		"an unknown method narrows": {
			matches: `[{name: m, methods: [GET, FETCH]}]`,
			want:    groupOf(match("m", model.HTTPMatch{Methods: []string{"GET"}})),
			diag:    []refusal{{reason: "UnsupportedValue", field: "spec.matches[0].methods[1]", message: `"FETCH" is no method; write one of CONNECT,`}},
		},
		"only unknown methods never become all": {
			matches: `[{name: m, methods: [FETCH]}]`, want: groupOf(),
			diag: []refusal{
				{reason: "UnsupportedValue", field: "spec.matches[0].methods[0]", message: `"FETCH" is no method`},
				{reason: "Invalid", field: "spec.matches[0]", message: "methods: none of them is a method"},
			},
		},
		"methods as text": {
			matches: `[{name: m, methods: GET}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `methods: "GET" is not a list; write one` + left}},
		},
		"no matches": {
			matches: `[]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches", message: "no request belongs to the group; write at least one"}},
		},
		"matches as a map": {matches: `{}`, diag: []refusal{{reason: "Invalid", field: "spec.matches", message: "a map is not a list"}}},
		"a match as text": {
			matches: `[all]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `"all" is not a match`}},
		},
		"no name": {
			matches: `[{pathRegex: /a}, {name: b}]`, want: groupOf(match("b", model.HTTPMatch{})),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: "name: the match has no name"}},
		},
		"name with a slash": {
			matches: `[{name: a/b}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `name: "a/b" has a character that a name can't have`}},
		},
		"name too long": {
			matches: `[{name: ` + strings.Repeat("a", 254) + `}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: "is longer than 253 bytes"}},
		},
		"a name twice": {
			matches: `[{name: a, pathRegex: /1}, {name: a, pathRegex: /2}]`, want: groupOf(match("a", model.HTTPMatch{PathRegex: "/1"})),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[1]", message: `"a" is the name of a match before`}},
		},
		"one bad regex costs its match alone": {
			matches: `[{name: a, pathRegex: "/(?=x)"}, {name: b, pathRegex: /b}]`, want: groupOf(match("b", model.HTTPMatch{PathRegex: "/b"})),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `pathRegex: "/(?=x)" is not a regex of RE2 (invalid or unsupported Perl syntax); mend it`}},
		},
		"a pseudo header": {
			matches: `[{name: a, headers: {":path": x}}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `headers: ":path" is a pseudo header; use pathRegex`}},
		},
		"a header name that can't be": {
			matches: `[{name: a, headers: {"a b": x}}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `headers: "a b" is not the name of a header`}},
		},
		"a header of the mesh": {
			matches: `[{name: a, headers: {X-Weft-Path: x}}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `"X-Weft-Path" belongs to the mesh`}},
		},
		"a bad header costs the match, as it would widen": {
			matches: `[{name: a, pathRegex: /a, headers: {a: "("}}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `headers: a: "(" is not a regex of RE2 (missing closing ))`}},
		},
		"a header without a value": {
			matches: `[{name: a, headers: {a: ""}}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `a has no regex; write .* for any value`}},
		},
		"a header that is a number": {
			matches: `[{name: a, headers: {a: 1}}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `headers: a: 1 is not a string; put it in quotes`}},
		},
		"headers as text": {
			matches: `[{name: a, headers: x}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: "neither a list of maps nor a map"}},
		},
		"headers as a list of texts": {
			matches: `[{name: a, headers: [x]}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: `"x" is not a header`}},
		},
		"regex that is a number": {
			matches: `[{name: a, pathRegex: 5}]`, want: groupOf(),
			diag: []refusal{{reason: "Invalid", field: "spec.matches[0]", message: "pathRegex: 5 is not a string"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fragment, diagnostics := convert(t, groupHead+"spec: {matches: "+tc.matches+"}")
			checkFragment(t, fragment, tc.want)
			checkDiagnostics(t, diagnostics, tc.diag)
		})
	}
}

// Trap 37: what RE2 takes in Go and in Envoy alike, and no more.
func TestRegex(t *testing.T) {
	tests := map[string]struct {
		regex string
		want  string // a part of the refusal; empty for a regex that is accepted
	}{
		"plain":                      {regex: `/api/v[0-9]+/.*`},
		"own anchors":                {regex: `^/api$`},
		"alternation":                {regex: `/a|/b`},
		"flags":                      {regex: `(?i)/API`},
		"named group":                {regex: `(?P<id>\d+)`},
		"long literal":               {regex: "/" + strings.Repeat("a", 1000)},
		"quotation":                  {regex: `/\Qa.b\E/c`},
		"short class":                {regex: `\pL\p{Nd}\p{Greek}\P{^Latin}`},
		"byte escape":                {regex: `\x{ff}\xff\101\377`},
		"lookahead":                  {regex: `a(?!b)`, want: "RE2 has no lookaround"},
		"back reference":             {regex: `(a)\1`, want: "no backreference"},
		"open group":                 {regex: `/(a`, want: "missing closing )"},
		"unbalanced":                 {regex: `a)(b`, want: "unexpected )"},
		"open quotation":             {regex: `/\Qabc`, want: `close it with \E`},
		"repetition of a repetition": {regex: `a**`, want: "invalid nested repetition operator"},
		"repetition too large":       {regex: `a{1001}`, want: "invalid repeat count"},
		"nested repetition":          {regex: `((a{100}){100}){100}`, want: "invalid repeat count"},
		"repetition inside of none":  {regex: `((a{40}b){0}){40}`, want: "all nested repetitions taken together"},
		"too long":                   {regex: strings.Repeat("a", 1025), want: "is longer than 1024 bytes"},
		"too large a program":        {regex: strings.Repeat(`[acegikmoqsuwy]{999}`, 5), want: "too large a program"},
		"not ASCII":                  {regex: `/caf` + "\u00e9", want: "outside of ASCII"},
		"not UTF-8":                  {regex: "/\xff", want: "outside of ASCII"},
		"wide escape":                {regex: `\x{10FFFF}`, want: `above \xff`},
		"wide octal":                 {regex: `\477`, want: `above \377`},
		"long class name":            {regex: `\p{Letter}`, want: `the class "Letter"`},
		"class that Go added":        {regex: `\p{LC}`, want: `the class "LC"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := checkPathRegex(tc.regex)
			if (err == nil) != (tc.want == "") {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
			if err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
		})
	}
}
