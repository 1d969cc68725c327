package smi

import (
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

func TestPortRoute(t *testing.T) {
	tests := map[string]struct {
		spec string
		want []uint16
		none bool
		diag []refusal
	}{
		"ports are sorted, each once": {spec: `{matches: {ports: [8080, 53, 8080]}}`, want: []uint16{53, 8080}},
		"no ports is every port":      {spec: `{matches: {ports: []}}`},
		"no matches is every port":    {spec: `{}`},
		"no spec is every port":       {spec: `null`},
		"a port out of range narrows": {
			spec: `{matches: {ports: [0, 80]}}`, want: []uint16{80},
			diag: []refusal{{reason: "Invalid", field: "spec.matches.ports[0]", message: "0 is out of range; write a whole number from 1 to 65535; this port is left out"}},
		},
		"only wrong ports never become every port": {
			spec: `{matches: {ports: [70000, "http", 1.5]}}`, none: true,
			diag: []refusal{
				{reason: "Invalid", field: "spec.matches.ports[0]", message: "70000 is out of range"},
				{reason: "Invalid", field: "spec.matches.ports[1]", message: `"http" is a string`},
				{reason: "Invalid", field: "spec.matches.ports[2]", message: "1.5 is not a whole number"},
			},
		},
		"ports as a number": {
			spec: `{matches: {ports: 80}}`, none: true,
			diag: []refusal{{reason: "Invalid", field: "spec.matches.ports", message: "80 is not a list"}},
		},
		"matches as a list": {
			spec: `{matches: [{ports: [80]}]}`, none: true,
			diag: []refusal{{reason: "Invalid", field: "spec.matches", message: "a list is not a map"}},
		},
		"spec as text": {spec: `x`, none: true, diag: []refusal{{reason: "Invalid", field: "spec", message: `"x" is not a map`}}},
	}
	for _, kind := range []model.Kind{model.KindTCPRoute, model.KindUDPRoute} {
		for name, tc := range tests {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				fragment, diagnostics := convert(t, "apiVersion: specs.smi-spec.io/v1alpha4\nkind: "+string(kind)+
					"\nmetadata: {name: x, namespace: shop}\nspec: "+tc.spec)
				var want *model.PortRoute
				if !tc.none {
					want = &model.PortRoute{Kind: kind, Key: key("x"), Ports: tc.want}
				}
				checkFragment(t, fragment, want)
				checkDiagnostics(t, diagnostics, tc.diag)
			})
		}
	}
}
