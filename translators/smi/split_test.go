package smi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/weft-mesh/weft/translators/model"
)

// refusal is what a diagnostic has to say, in parts.
type refusal struct {
	warning bool
	reason  string
	field   string
	message string // a part of it
}

func checkDiagnostics(t *testing.T, got []model.Diagnostic, want []refusal) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d diagnostics %v, want %d", len(got), got, len(want))
	}
	for i, w := range want {
		g := got[i]
		if g.Warning != w.warning || g.Reason != w.reason || g.Field != w.field || !strings.Contains(g.Message, w.message) {
			t.Errorf("diagnostic %d:\n got %+v\nwant %+v", i, g, w)
		}
		if g.Condition != model.ConditionAccepted || g.Object.Name != "x" || g.Object.Namespace != "shop" {
			t.Errorf("diagnostic %d is about %v, condition %s", i, g.Object, g.Condition)
		}
	}
}

func convert(t *testing.T, text string) (model.Fragment, []model.Diagnostic) {
	t.Helper()
	fragment, diagnostics, err := ConvertYAML([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return fragment, diagnostics
}

const splitHead = `
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: x, namespace: shop, creationTimestamp: "2026-01-02T03:04:05Z"}
`

func key(name string) model.Key { return model.Key{Namespace: "shop", Name: name} }

func splitOf(change func(*model.Split)) *model.Split {
	s := &model.Split{
		Key:  key("x"),
		Root: key("web"),
		Backends: []model.Backend{
			{Service: key("web-v1"), Weight: 3},
			{Service: key("web-v2"), Weight: 1, At: 1},
		},
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	if change != nil {
		change(s)
	}
	return s
}

const plainBackends = `backends: [{service: web-v1, weight: 3}, {service: web-v2, weight: 1}]`

func TestSplit(t *testing.T) {
	tests := map[string]struct {
		spec string
		want *model.Split
		diag []refusal
	}{
		"plain":                          {spec: `{service: web, ` + plainBackends + `}`, want: splitOf(nil)},
		"root as svc.ns":                 {spec: `{service: web.shop, ` + plainBackends + `}`, want: splitOf(nil)},
		"root as svc.ns.svc":             {spec: `{service: web.shop.svc, ` + plainBackends + `}`, want: splitOf(nil)},
		"root fully qualified":           {spec: `{service: web.shop.svc.cluster.local, ` + plainBackends + `}`, want: splitOf(nil)},
		"root of another cluster domain": {spec: `{service: web.shop.svc.corp.example., ` + plainBackends + `}`, want: splitOf(nil)},
		"root in capitals":               {spec: `{service: WEB.Shop.SVC, ` + plainBackends + `}`, want: splitOf(nil)},
		"root of another namespace": {
			spec: `{service: web.other.svc, ` + plainBackends + `}`,
			diag: []refusal{{reason: "Invalid", field: "spec.service", message: `"web.other.svc" is in namespace "other"; name a Service of namespace "shop"`}},
		},
		"root with a port": {
			spec: `{service: "web:80", ` + plainBackends + `}`,
			diag: []refusal{{reason: "Invalid", field: "spec.service", message: `"web:80" is not the name of a Service; write the plain name of one in namespace "shop", without a port`}},
		},
		"root that is no Service address": {
			spec: `{service: web.shop.example.com, ` + plainBackends + `}`,
			diag: []refusal{{reason: "Invalid", field: "spec.service", message: "write web.shop.svc or the plain name"}},
		},
		"root missing": {
			spec: `{` + plainBackends + `}`,
			diag: []refusal{{reason: "Invalid", field: "spec.service", message: "no Service is named"}},
		},
		"root is a number": {
			spec: `{service: 7, ` + plainBackends + `}`,
			diag: []refusal{{reason: "Invalid", field: "spec.service", message: "7 is not a string"}},
		},
		"spec missing": {spec: `null`, diag: []refusal{
			{reason: "Invalid", field: "spec.service", message: "no Service is named"},
			{reason: "Invalid", field: "spec.backends", message: "there is no backend"},
		}},
		"spec is a list": {spec: `[]`, diag: []refusal{{reason: "Invalid", field: "spec", message: "a list is not a map"}}},
		"no backends": {
			spec: `{service: web, backends: []}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends", message: "name at least one Service and its weight"}},
		},
		"backends as a map": {
			spec: `{service: web, backends: {service: a}}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends", message: "a map is not a list"}},
		},
		"backend as text": {
			spec: `{service: web, backends: [web-v1]}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends[0]", message: `"web-v1" is not a backend`}},
		},
		"negative weight": {
			spec: `{service: web, backends: [{service: a, weight: 1}, {service: b, weight: -3}]}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends[1].weight", message: "-3 is out of range; write a whole number from 0 to 4294967295"}},
		},
		"fractional weight": {
			spec: `{service: web, backends: [{service: a, weight: 0.5}]}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends[0].weight", message: "0.5 is not a whole number"}},
		},
		"whole weight written as a fraction": {spec: `{service: web, backends: [{service: web-v1, weight: 3.0}, {service: web-v2, weight: 1.0}]}`, want: splitOf(nil)},
		"weight in quotes": {
			spec: `{service: web, backends: [{service: a, weight: "500m"}]}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends[0].weight", message: `"500m" is a string; write a whole number without quotes`}},
		},
		"weight missing": {
			spec: `{service: web, backends: [{service: a}]}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends[0].weight", message: "nothing is not a whole number"}},
		},
		"weight beyond uint32": {
			spec: `{service: web, backends: [{service: a, weight: 4294967296}]}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends[0].weight", message: "4294967296 is out of range"}},
		},
		"huge weight": {
			spec: `{service: web, backends: [{service: a, weight: 1e300}]}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends[0].weight", message: "1e+300 is not a whole number"}},
		},
		"sum beyond uint32": {
			spec: `{service: web, backends: [{service: a, weight: 4294967295}, {service: b, weight: 1}]}`,
			diag: []refusal{{reason: "Invalid", field: "spec.backends", message: "the weights sum to 4294967296; scale them down"}},
		},
		"sum at uint32": {
			spec: `{service: web, backends: [{service: web-v1, weight: 4294967294}, {service: web-v2, weight: 1}]}`,
			want: splitOf(func(s *model.Split) { s.Backends[0].Weight = 4294967294 }),
		},
		"one weight zero": {
			spec: `{service: web, backends: [{service: web-v1, weight: 3}, {service: web-v2, weight: 0}]}`,
			want: splitOf(func(s *model.Split) { s.Backends[1].Weight = 0 }),
		},
		"all weights zero": {
			spec: `{service: web, backends: [{service: web-v1, weight: 0}, {service: web-v2, weight: 0}]}`,
			want: splitOf(func(s *model.Split) { s.Backends[0].Weight, s.Backends[1].Weight = 0, 0 }),
			diag: []refusal{{warning: true, reason: "NoWeight", field: "spec.backends", message: "answered with 503 and connections closed; give a backend a weight above 0"}},
		},
		"a backend twice": {
			spec: `{service: web, backends: [{service: web-v1, weight: 1}, {service: web-v2, weight: 1}, {service: web-v1.shop, weight: 2}]}`,
			want: splitOf(nil),
			diag: []refusal{{warning: true, reason: "Accepted", field: "spec.backends[2].service", message: `"web-v1" is listed before`}},
		},
		"backend is the root": {
			spec: `{service: web, backends: [{service: web, weight: 3}, {service: web-v2, weight: 1}]}`,
			want: splitOf(func(s *model.Split) { s.Backends[0].Service = key("web") }),
		},
		"matches": {
			spec: `{service: web, ` + plainBackends + `, matches: [{kind: HTTPRouteGroup, name: b}, {kind: HTTPRouteGroup, name: a, apiGroup: specs.smi-spec.io}, {kind: HTTPRouteGroup, name: b}]}`,
			want: splitOf(func(s *model.Split) { s.Matched, s.Matches = true, []model.Key{key("b"), key("a"), key("b")} }),
		},
		"no matches": {spec: `{service: web, ` + plainBackends + `, matches: []}`, want: splitOf(nil)},
		"matches of another kind never become a catch-all": {
			spec: `{service: web, ` + plainBackends + `, matches: [{kind: TCPRoute, name: a}]}`,
			want: splitOf(func(s *model.Split) { s.Matched = true }),
			diag: []refusal{{reason: "UnsupportedValue", field: "spec.matches[0]", message: `kind "TCPRoute" can't select requests; name an HTTPRouteGroup`}},
		},
		"matches of another group": {
			spec: `{service: web, ` + plainBackends + `, matches: [{kind: HTTPRouteGroup, name: a, apiGroup: example.com}]}`,
			want: splitOf(func(s *model.Split) { s.Matched = true }),
			diag: []refusal{{reason: "UnsupportedValue", field: "spec.matches[0]", message: `apiGroup "example.com" has no HTTPRouteGroup`}},
		},
		"matches as text": {
			spec: `{service: web, ` + plainBackends + `, matches: canary}`,
			want: splitOf(func(s *model.Split) { s.Matched = true }),
			diag: []refusal{{reason: "Invalid", field: "spec.matches", message: `"canary" is not a list`}},
		},
		"a match without a name": {
			spec: `{service: web, ` + plainBackends + `, matches: [{kind: HTTPRouteGroup}, {kind: HTTPRouteGroup, name: a}]}`,
			want: splitOf(func(s *model.Split) { s.Matched, s.Matches = true, []model.Key{key("a")} }),
			diag: []refusal{{reason: "UnsupportedValue", field: "spec.matches[0]", message: "no HTTPRouteGroup is named"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fragment, diagnostics := convert(t, splitHead+"spec: "+tc.spec)
			checkFragment(t, fragment, tc.want)
			checkDiagnostics(t, diagnostics, tc.diag)
		})
	}
}

// checkFragment compares, and tells an absent fragment from a typed nil.
func checkFragment[T any, P interface {
	*T
	model.Fragment
}](t *testing.T, got model.Fragment, want P) {
	t.Helper()
	if want == nil {
		if got != nil {
			t.Fatalf("got %+v, want no fragment", got)
		}
		return
	}
	if diff := cmp.Diff(model.Fragment(want), got); diff != "" {
		t.Fatalf("fragment (-want +got):\n%s", diff)
	}
}
