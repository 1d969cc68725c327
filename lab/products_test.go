package main

import "testing"

// The manifests of a product name its image: what the lab makes must have that name.
func TestProductsHaveTheNamesThatTheirManifestsUse(t *testing.T) {
	l := testLayout(t)
	want := map[string]string{
		"flagger":       "ghcr.io/fluxcd/flagger:1.44.0",
		"argo-rollouts": "quay.io/argoproj/argo-rollouts:v1.10.1",
	}
	for _, p := range products {
		i, err := p.image(l)
		if err != nil {
			t.Fatal(err)
		}
		if i.Name != want[p.Pin] {
			t.Errorf("the image of %s is %s, want %q", p.Pin, i.Name, want[p.Pin])
		}
		if i.Files[i.Entrypoint[0]] == "" {
			t.Errorf("the image of %s has no %s", p.Pin, i.Entrypoint[0])
		}
	}
}
