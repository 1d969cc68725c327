package main

import "testing"

// The manifests of a product name its image: what the lab makes must have that name.
func TestProductsHaveTheNamesThatTheirManifestsUse(t *testing.T) {
	l := testLayout(t)
	for want, p := range map[string]product{
		"ghcr.io/fluxcd/flagger:1.44.0":          flagger,
		"quay.io/argoproj/argo-rollouts:v1.10.1": argoRollouts,
	} {
		i, err := p.image(l)
		if err != nil {
			t.Fatal(err)
		}
		if i.Name != want {
			t.Errorf("the image of %s is %s, want %s", p.Pin.Name, i.Name, want)
		}
		if i.Files[i.Entrypoint[0]] == "" {
			t.Errorf("the image of %s has no %s", p.Pin.Name, i.Entrypoint[0])
		}
	}
}
