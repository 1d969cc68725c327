package smi

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/weft-mesh/weft/translators/model"
)

func TestIdentityBinding(t *testing.T) {
	const head = "apiVersion: access.smi-spec.io/v1alpha4\nkind: IdentityBinding\nmetadata: {name: x, namespace: shop}\n"
	tests := map[string]struct {
		spec string
		want *model.IdentityBinding // nil: nothing is in force
		told int
	}{
		"account": {`spec: {schemes: {serviceAccount: web}}`, &model.IdentityBinding{ServiceAccount: "web"}, 0},
		"labels":  {`spec: {schemes: {podLabelSelector: {matchLabels: {app: web}}}}`, &model.IdentityBinding{PodLabels: map[string]string{"app": "web"}}, 0},
		"spiffe, with and without its scheme, once": {
			`spec: {schemes: {spiffeIdentities: [cluster.local/ns/shop/sa/web, "spiffe://cluster.local/ns/shop/sa/web"]}}`,
			&model.IdentityBinding{SPIFFEIDs: []string{"cluster.local/ns/shop/sa/web"}}, 0,
		},
		"schemes are ORed": {
			`spec: {schemes: {serviceAccount: web, spiffeIdentities: [a/b]}}`,
			&model.IdentityBinding{ServiceAccount: "web", SPIFFEIDs: []string{"a/b"}}, 0,
		},
		"account and labels exclude one another": {`spec: {schemes: {serviceAccount: web, podLabelSelector: {matchLabels: {app: web}}}}`, nil, 1},
		"no scheme":                              {`spec: {schemes: {}}`, nil, 1},
		"no spec":                                {``, nil, 1},
		"a selector of nothing":                  {`spec: {schemes: {podLabelSelector: {}}}`, nil, 1},
		"a selector that knows more":             {`spec: {schemes: {podLabelSelector: {matchLabels: {app: web}, matchExpressions: []}}}`, nil, 1},
		"a label that is a number":               {`spec: {schemes: {podLabelSelector: {matchLabels: {app: 1}}}}`, nil, 1},
		"a wrong account, a right identity":      {`spec: {schemes: {serviceAccount: "A B", spiffeIdentities: [a/b, ""]}}`, &model.IdentityBinding{SPIFFEIDs: []string{"a/b"}}, 2},
		"a list of schemes":                      {`spec: {schemes: [serviceAccount]}`, nil, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, diagnostics, err := ConvertYAML([]byte(head + test.spec))
			if err != nil {
				t.Fatal(err)
			}
			var want model.Fragment
			if test.want != nil {
				test.want.Key = key("x")
				want = test.want
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if len(diagnostics) != test.told {
				t.Errorf("told %v, want %d", diagnostics, test.told)
			}
		})
	}
}

func TestTargetNamesBindings(t *testing.T) {
	const spec = `
spec:
  destination: {kind: IdentityBinding, group: access.smi-spec.io, name: web}
  rules: [{kind: HTTPRouteGroup, name: routes}]
  sources:
  - {kind: IdentityBinding, name: front, namespace: bank}
  - {kind: IdentityBinding, group: example.com, name: front}
  - {kind: ServiceAccount, name: front}
`
	got, diagnostics, err := ConvertYAML([]byte(targetHead + spec))
	if err != nil {
		t.Fatal(err)
	}
	want := targetOf(func(t *model.Target) {
		t.Destination, t.DestinationBinding = model.Identity{}, "web"
		t.SourceBindings = []model.Key{{Namespace: "bank", Name: "front"}}
	})
	if d := cmp.Diff(model.Fragment(want), got); d != "" {
		t.Error(d)
	}
	if len(diagnostics) != 1 || diagnostics[0].Field != "spec.sources[1]" {
		t.Errorf("told %v, want that sources[1] has a foreign group", diagnostics)
	}
}
