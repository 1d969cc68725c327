package main

import (
	"path/filepath"
	"strings"
)

// product drives meshes by SMI. Its image holds what upstream's holds, as far as its own manifests need it.
type product struct {
	// Pin has the program that the image is named after first. Its name is that of the image's tar, too.
	Pin pin
	// Repository is the image's name without its tag; Tag makes that of the pinned version.
	Repository string
	Tag        func(version string) string
	// Entrypoint is where the image has the first program, and User who runs it.
	Entrypoint, User string
	// Helpers are further commands that the product's own manifests call, by their path in the image.
	Helpers map[string]string
}

const (
	flaggerModule  = "github.com/fluxcd/flagger"
	rolloutsModule = "github.com/argoproj/argo-rollouts"
)

var flagger = product{
	Pin: pin{Name: "flagger", Programs: []program{
		{File: "flagger", Package: flaggerModule + "/cmd/flagger", Module: flaggerModule},
	}},
	Repository: "ghcr.io/fluxcd/flagger", Tag: func(v string) string { return strings.TrimPrefix(v, "v") },
	Entrypoint: "/flagger", User: "65534", Helpers: map[string]string{"/bin/wget": "wget"},
}

var argoRollouts = product{
	Pin: pin{Name: "argo-rollouts", Linker: rolloutsVersionFlag, Programs: []program{
		{File: "rollouts-controller", Package: rolloutsModule + "/cmd/rollouts-controller", Module: rolloutsModule},
		{File: "kubectl-argo-rollouts", Package: rolloutsModule + "/cmd/kubectl-argo-rollouts", Module: rolloutsModule},
	}},
	Repository: "quay.io/argoproj/argo-rollouts", Tag: func(v string) string { return v },
	Entrypoint: "/bin/rollouts-controller", User: "999",
}

// rolloutsVersionFlag sets what Argo Rollouts' commands report.
func rolloutsVersionFlag(version string) string {
	return "-X github.com/argoproj/argo-rollouts/utils/version.version=" + version
}

func (p product) image(l layout) (image, error) {
	program := p.Pin.Programs[0].File
	version, err := p.Pin.version(l, program)
	if err != nil {
		return image{}, err
	}
	files := map[string]string{p.Entrypoint: filepath.Join(l.bin(), program)}
	for target, helper := range p.Helpers {
		files[target] = filepath.Join(l.bin(), helper)
	}
	return image{Name: p.Repository + ":" + p.Tag(version), Entrypoint: []string{p.Entrypoint}, User: p.User, Files: files}, nil
}

// build makes the product's programs and its image.
func (p product) build(l layout, progress *progress) error {
	if err := p.Pin.build(l, progress); err != nil {
		return err
	}
	for _, target := range sortedKeys(p.Helpers) {
		if err := buildHelper(l, progress, p.Helpers[target]); err != nil {
			return err
		}
	}
	i, err := p.image(l)
	if err != nil {
		return err
	}
	return buildImage(l, progress, i, l.image(p.Pin.Name), "image-"+p.Pin.Name)
}

// built tells whether the image is there, of what is pinned now.
func (p product) built(l layout) bool {
	b, err := p.Pin.plan(l)
	if err != nil || !b.stamp.fresh() {
		return false
	}
	i, err := p.image(l)
	if err != nil {
		return false
	}
	s, err := i.stamp(l, l.image(p.Pin.Name), "image-"+p.Pin.Name)
	return err == nil && s.fresh()
}
