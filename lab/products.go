package main

import (
	"path/filepath"
	"strings"
)

// product drives meshes by SMI. Its image holds what upstream's holds, as far as its own manifests need it.
type product struct {
	// Pin names the folder under pins/ and the image's tar. One of its commands is called as the end of Entrypoint.
	Pin string
	// Repository is the image's name without its tag; Tag makes that of the pinned version.
	Repository string
	Tag        func(version string) string
	// Entrypoint is where the image has the command, and User who runs it.
	Entrypoint, User string
	// Helpers are further commands that the product's own manifests call, by their path in the image.
	Helpers map[string]string
}

var products = []product{
	{
		Pin: "flagger", Repository: "ghcr.io/fluxcd/flagger", Tag: func(v string) string { return strings.TrimPrefix(v, "v") },
		Entrypoint: "/flagger", User: "65534", Helpers: map[string]string{"/bin/wget": "wget"},
	},
	{
		Pin: "argo-rollouts", Repository: "quay.io/argoproj/argo-rollouts", Tag: func(v string) string { return v },
		Entrypoint: "/bin/rollouts-controller", User: "999",
	},
}

func (p product) image(l layout) (image, error) {
	version, err := pinVersion(l, p.Pin)
	if err != nil {
		return image{}, err
	}
	files := map[string]string{p.Entrypoint: filepath.Join(l.bin(), filepath.Base(p.Entrypoint))}
	for target, helper := range p.Helpers {
		files[target] = filepath.Join(l.bin(), helper)
	}
	return image{Name: p.Repository + ":" + p.Tag(version), Entrypoint: []string{p.Entrypoint}, User: p.User, Files: files}, nil
}
