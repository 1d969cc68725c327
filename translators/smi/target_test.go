package smi

import (
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

const targetHead = `
apiVersion: access.smi-spec.io/v1alpha3
kind: TrafficTarget
metadata: {name: x, namespace: shop}
`

func account(namespace, name string) model.Identity {
	return model.Identity{Namespace: namespace, Name: name}
}

func targetOf(change func(*model.Target)) *model.Target {
	t := &model.Target{
		Key:         key("x"),
		Destination: account("shop", "web"),
		Sources:     []model.Identity{account("shop", "front")},
		Rules:       []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: "routes"}},
	}
	if change != nil {
		change(t)
	}
	return t
}

const (
	toWeb      = `destination: {kind: ServiceAccount, name: web}`
	fromFront  = `sources: [{kind: ServiceAccount, name: front}]`
	withRoutes = `rules: [{kind: HTTPRouteGroup, name: routes}]`
)

func TestTarget(t *testing.T) {
	tests := map[string]struct {
		spec string
		want *model.Target
		diag []refusal
	}{
		"plain": {spec: toWeb + "," + fromFront + "," + withRoutes, want: targetOf(nil)},
		"namespaces written out": {
			spec: `destination: {kind: ServiceAccount, name: web, namespace: shop}, sources: [{kind: ServiceAccount, name: front, namespace: shop}], ` + withRoutes,
			want: targetOf(nil),
		},
		"destination of another namespace": {
			spec: `destination: {kind: ServiceAccount, name: web, namespace: bank}, ` + fromFront + "," + withRoutes,
			diag: []refusal{{reason: "DestinationNotPermitted", field: "spec.destination.namespace", message: `"bank" is another namespace; create the TrafficTarget there, or write "shop"`}},
		},
		"destination is a group": {
			spec: `destination: {kind: Group, name: web}, ` + fromFront + "," + withRoutes,
			diag: []refusal{{reason: "Invalid", field: "spec.destination", message: `kind "Group" has no identity in the mesh; write ServiceAccount`}},
		},
		"destination missing": {
			spec: fromFront + "," + withRoutes,
			diag: []refusal{{reason: "Invalid", field: "spec.destination", message: "nothing names nobody"}},
		},
		"destination without a name": {
			spec: `destination: {kind: ServiceAccount}, ` + fromFront + "," + withRoutes,
			diag: []refusal{{reason: "Invalid", field: "spec.destination", message: "no ServiceAccount is named"}},
		},
		"destination with a dotted name": {
			spec: `destination: {kind: ServiceAccount, name: web.v1}, ` + fromFront + "," + withRoutes,
			want: targetOf(func(t *model.Target) { t.Destination.Name = "web.v1" }),
		},
		"source of another namespace": {
			spec: toWeb + `, sources: [{kind: ServiceAccount, name: front, namespace: other}], ` + withRoutes,
			want: targetOf(func(t *model.Target) { t.Sources[0].Namespace = "other" }),
		},
		"sources are sorted, each once": {
			spec: toWeb + `, sources: [{kind: ServiceAccount, name: z}, {kind: ServiceAccount, name: a}, {kind: ServiceAccount, name: z, namespace: shop}], ` + withRoutes,
			want: targetOf(func(t *model.Target) { t.Sources = []model.Identity{account("shop", "a"), account("shop", "z")} }),
		},
		"no sources": {
			spec: toWeb + `, sources: [], ` + withRoutes,
			diag: []refusal{{reason: "Invalid", field: "spec.sources", message: "nobody is allowed; name at least one ServiceAccount"}},
		},
		"one source is a group": {
			spec: toWeb + `, sources: [{kind: Group, name: all}, {kind: ServiceAccount, name: front}], ` + withRoutes,
			want: targetOf(nil),
			diag: []refusal{{reason: "UnsupportedValue", field: "spec.sources[0]", message: `kind "Group" has no identity in the mesh; write ServiceAccount; this source is left out`}},
		},
		"the only source is a wildcard": {
			spec: toWeb + `, sources: [{kind: ServiceAccount, name: "*"}], ` + withRoutes,
			diag: []refusal{{reason: "UnsupportedValue", field: "spec.sources[0]", message: `"*" is not the name of a ServiceAccount`}},
		},
		"source of a namespace that can't be": {
			spec: toWeb + `, sources: [{kind: ServiceAccount, name: a, namespace: "*"}], ` + withRoutes,
			diag: []refusal{{reason: "UnsupportedValue", field: "spec.sources[0]", message: `"*" is not the name of a namespace`}},
		},
		"no rules": {
			spec: toWeb + "," + fromFront + ", rules: []",
			diag: []refusal{{reason: "Invalid", field: "spec.rules", message: "nothing is allowed; name at least one HTTPRouteGroup or TCPRoute"}},
		},
		"one rule of an unknown kind": {
			spec: toWeb + "," + fromFront + `, rules: [{kind: GRPCRoute, name: g}, {kind: HTTPRouteGroup, name: routes}]`,
			want: targetOf(func(t *model.Target) { t.Rules[0].At = 1 }),
			diag: []refusal{{reason: "UnsupportedValue", field: "spec.rules[0].kind", message: `"GRPCRoute" is no kind of route; write HTTPRouteGroup, TCPRoute or UDPRoute; this rule is left out`}},
		},
		"a rule without a name": {
			spec: toWeb + "," + fromFront + `, rules: [{kind: HTTPRouteGroup}]`,
			diag: []refusal{{reason: "Invalid", field: "spec.rules[0].name", message: "no HTTPRouteGroup is named"}},
		},
		"a rule as text": {
			spec: toWeb + "," + fromFront + `, rules: [routes]`,
			diag: []refusal{{reason: "UnsupportedValue", field: "spec.rules[0].kind", message: `"" is no kind of route`}},
		},
		"all three kinds": {
			spec: toWeb + "," + fromFront + `, rules: [{kind: TCPRoute, name: t}, {kind: UDPRoute, name: u}, {kind: HTTPRouteGroup, name: routes}]`,
			want: targetOf(func(t *model.Target) {
				t.Rules = append([]model.TargetRule{{Kind: model.KindTCPRoute, Name: "t"}, {Kind: model.KindUDPRoute, Name: "u", At: 1}}, t.Rules...)
				t.Rules[2].At = 2
			}),
		},
		"named matches": {
			spec: toWeb + "," + fromFront + `, rules: [{kind: HTTPRouteGroup, name: routes, matches: [write, read, write]}]`,
			want: targetOf(func(t *model.Target) { t.Rules[0].Matches = []string{"write", "read", "write"} }),
		},
		"an empty list of matches is all of them": {spec: toWeb + "," + fromFront + `, rules: [{kind: HTTPRouteGroup, name: routes, matches: []}]`, want: targetOf(nil)},
		"matches that can't be read never become all": {
			spec: toWeb + "," + fromFront + `, rules: [{kind: HTTPRouteGroup, name: routes, matches: read}]`,
			diag: []refusal{{reason: "Invalid", field: "spec.rules[0].matches", message: `"read" is not a list; write one; this rule is left out`}},
		},
		"empty names of matches never become all": {
			spec: toWeb + "," + fromFront + `, rules: [{kind: HTTPRouteGroup, name: routes, matches: ["", 3]}]`,
			diag: []refusal{
				{reason: "Invalid", field: "spec.rules[0].matches[0]", message: "the name of a match is empty"},
				{reason: "Invalid", field: "spec.rules[0].matches[1]", message: "3 is not a string"},
			},
		},
		"matches of a TCPRoute": {
			spec: toWeb + "," + fromFront + `, rules: [{kind: TCPRoute, name: t, matches: [a]}]`,
			want: targetOf(func(t *model.Target) { t.Rules = []model.TargetRule{{Kind: model.KindTCPRoute, Name: "t"}} }),
			diag: []refusal{{warning: true, reason: "NotApplicable", field: "spec.rules[0].matches", message: "a TCPRoute has no named matches"}},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fragment, diagnostics := convert(t, targetHead+"spec: {"+tc.spec+"}")
			checkFragment(t, fragment, tc.want)
			checkDiagnostics(t, diagnostics, tc.diag)
		})
	}
}
