package smi

import (
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

const (
	old     = "metadata: {name: x, namespace: shop}\n"
	targetA = "apiVersion: access.smi-spec.io/v1alpha1\nkind: TrafficTarget\n" + old
	targetB = "apiVersion: access.smi-spec.io/v1alpha2\nkind: TrafficTarget\n" + old
	splitA  = "apiVersion: split.smi-spec.io/v1alpha1\nkind: TrafficSplit\n" + old
	splitB  = "apiVersion: split.smi-spec.io/v1alpha2\nkind: TrafficSplit\n" + old
)

func ported(port uint16) func(*model.Target) { return func(t *model.Target) { t.Port = port } }

// TestOldTargets (trap 26): the port of v1alpha1 and v1alpha2 keeps its meaning.
func TestOldTargets(t *testing.T) {
	const specs = `specs: [{kind: HTTPRouteGroup, name: routes}]`
	kept := func(of, value string) string {
		return `apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: x, namespace: shop, annotations: {weft.mesh/conversion: '{"port":{"of":` + of + `,"value":` + value + `}}'}}
spec: {` + toWeb + "," + fromFront + "," + withRoutes + "}"
	}
	const web = `{"kind":"ServiceAccount","name":"web"}`
	tests := map[string]struct {
		text string
		want *model.Target
		diag []refusal
	}{
		"v1alpha1":           {text: targetA + "destination: {kind: ServiceAccount, name: web}\n" + specs + "\n" + fromFront, want: targetOf(nil)},
		"v1alpha1, one port": {text: targetA + "destination: {kind: ServiceAccount, name: web, port: 8080}\n" + specs + "\n" + fromFront, want: targetOf(ported(8080))},
		"v1alpha2, one port": {text: targetB + "spec: {destination: {kind: ServiceAccount, name: web, port: 8080}, " + withRoutes + "," + fromFront + "}", want: targetOf(ported(8080))},
		"kept in v1alpha3":   {text: kept(web, "8080"), want: targetOf(ported(8080))},
		"kept of another destination": {
			text: kept(`{"kind":"ServiceAccount","name":"db"}`, "8080"), want: targetOf(nil),
		},
		"a port out of range never becomes all": {
			text: targetA + "destination: {kind: ServiceAccount, name: web, port: 70000}\n" + specs + "\n" + fromFront,
			diag: []refusal{{reason: "Invalid", field: "destination.port", message: "70000 is out of range; write a whole number from 1 to 65535"}},
		},
		"a port as text": {
			text: targetB + "spec: {destination: {kind: ServiceAccount, name: web, port: http}, " + withRoutes + "," + fromFront + "}",
			diag: []refusal{{reason: "Invalid", field: "spec.destination.port", message: `"http" is a string`}},
		},
		"a kept port that is none": {
			text: kept(web, "0"),
			diag: []refusal{{reason: "Invalid", field: "metadata.annotations[weft.mesh/conversion]", message: "0 is out of range"}},
		},
		"fields are named as in v1alpha1": {
			text: targetA + "destination: {kind: ServiceAccount, name: web}\nspecs: [{kind: HTTPRouteGroup}, {kind: HTTPRouteGroup, name: routes}]\nsources: [{kind: Group, name: g}, {kind: ServiceAccount, name: front}]",
			want: targetOf(func(t *model.Target) { t.Rules[0].At = 1 }),
			diag: []refusal{
				{reason: "UnsupportedValue", field: "sources[0]", message: `kind "Group"`},
				{reason: "Invalid", field: "specs[0].name", message: "no HTTPRouteGroup is named"},
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fragment, diagnostics := convert(t, tc.text)
			checkFragment(t, fragment, tc.want)
			checkDiagnostics(t, diagnostics, tc.diag)
		})
	}
}

// TestOldSplits (traps 3 and 4): quantities keep their ratios, and what is none
// is told as such.
func TestOldSplits(t *testing.T) {
	weights := func(a, b uint32) *model.Split {
		return &model.Split{Key: key("x"), Root: key("web"), Backends: []model.Backend{{Service: key("a"), Weight: a}, {Service: key("b"), Weight: b, At: 1}}}
	}
	backends := func(a, b string) string {
		return "spec: {service: web, backends: [{service: a, weight: " + a + "}, {service: b, weight: " + b + "}]}"
	}
	tests := map[string]struct {
		text string
		want *model.Split
		diag []refusal
	}{
		"quantities":                    {text: splitA + backends(`"1"`, "500m"), want: weights(2, 1)},
		"numbers":                       {text: splitA + backends("0.5", "1k"), want: weights(1, 2000)},
		"whole numbers":                 {text: splitA + backends("90", "10"), want: weights(90, 10)},
		"v1alpha2":                      {text: splitB + backends("90", "10"), want: weights(90, 10)},
		"quantities served as v1alpha2": {text: splitB + backends(`"1"`, "500m"), want: weights(2, 1)},
		"one is none": {
			text: splitA + backends("500m", "half"),
			diag: []refusal{{reason: "Invalid", field: "spec.backends[1].weight", message: `"half" is not a quantity; write one, as in 1, 500m or 0.5`}},
		},
		"negative": {
			text: splitA + backends("500m", "-1"),
			diag: []refusal{{reason: "Invalid", field: "spec.backends[1].weight", message: "-1 is negative"}},
		},
		"missing": {
			text: splitA + "spec: {service: web, backends: [{service: a}]}",
			diag: []refusal{{reason: "Invalid", field: "spec.backends[0].weight", message: "there is no weight"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fragment, diagnostics := convert(t, tc.text)
			checkFragment(t, fragment, tc.want)
			checkDiagnostics(t, diagnostics, tc.diag)
		})
	}
}

func TestOldRoutes(t *testing.T) {
	fragment, diagnostics := convert(t, "apiVersion: specs.smi-spec.io/v1alpha2\nkind: HTTPRouteGroup\n"+old+`matches: [{name: a, headers: {x-a: b}}, {name: "b b"}]`)
	checkFragment(t, fragment, groupOf(match("a", model.HTTPMatch{Headers: []model.HeaderMatch{{Name: "x-a", Regex: "b"}}})))
	checkDiagnostics(t, diagnostics, []refusal{{reason: "Invalid", field: "matches[1]", message: "has a character that a name can't have"}})

	fragment, diagnostics = convert(t, "apiVersion: specs.smi-spec.io/v1alpha1\nkind: TCPRoute\n"+old)
	checkFragment(t, fragment, &model.PortRoute{Kind: model.KindTCPRoute, Key: key("x")})
	checkDiagnostics(t, diagnostics, nil)
}
