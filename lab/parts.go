package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// part is what few commands need in a cluster, and what takes long to build or to install: it is built when it is asked
// for, and not before.
type part struct {
	// Name is what --with calls it.
	Name string
	// Target is the make target that asks for it.
	Target string
	// Packages are Debian's packages that it takes.
	Packages []debianPackage
	// Commands are those that it puts on PATH.
	Commands []string
	// Image is the tar of its image, none if it has no image.
	Image func(l layout) string
	// compilation is how its commands are compiled, none if there is nothing to compile.
	compilation func(l layout) (compilation, error)
	// build makes its commands and its image, and built tells whether they are there.
	build func(l layout, p *progress) error
	built func(l layout) bool
}

// parts are all that --with can name.
var parts = []part{
	productPart(flagger, "canaries"),
	productPart(argoRollouts, "canaries", "kubectl-argo-rollouts"),
	{
		Name: "smi-conformance", Target: "conformance", Commands: []string{"smi-conformance"},
		Image: layout.conformanceImage, build: conformance.build,
		compilation: func(l layout) (compilation, error) { return conformance.compilation(l), nil },
		built:       func(l layout) bool { return isFile(l.conformanceImage()) },
	},
	{
		// What weft-metrics answers is compared with its answers.
		Name: "prometheus", Target: "e2e", Commands: []string{"prometheus"},
		Packages: []debianPackage{{Name: "prometheus", Probe: []string{"prometheus", "--version"}}},
	},
}

func productPart(p product, target string, commands ...string) part {
	return part{
		Name: p.Pin.Name, Target: target, Commands: commands, build: p.build, built: p.built, compilation: p.Pin.compilation,
		Image: func(l layout) string { return l.image(p.Pin.Name) },
	}
}

func partNames() []string {
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
	}
	return names
}

// chooseParts finds parts by their names.
func chooseParts(names []string) ([]part, error) {
	for _, name := range names {
		if !slices.Contains(partNames(), name) {
			return nil, fmt.Errorf("--with knows no part %q; there are %s", name, strings.Join(partNames(), ", "))
		}
	}
	var chosen []part
	for _, p := range parts {
		if slices.Contains(names, p.Name) {
			chosen = append(chosen, p)
		}
	}
	return chosen, nil
}

// buildParts builds what was asked for, and gives the images of the clusters' store: those, and of the parts that the
// store had before those that are still what is pinned. Without that, targets that ask for different parts would unpack
// all images anew in turns.
func buildParts(l layout, p *progress, asked []part) (stored []part, err error) {
	before := storedParts(l)
	for _, candidate := range parts {
		isAsked := slices.ContainsFunc(asked, func(a part) bool { return a.Name == candidate.Name })
		if isAsked && candidate.build != nil {
			err = errors.Join(err, candidate.build(l, p))
		}
		wanted := isAsked || slices.Contains(before, candidate.Name)
		if candidate.Image != nil && wanted && candidate.built(l) {
			stored = append(stored, candidate)
		}
	}
	return stored, err
}

// partsFile lists, within a prepared folder of containerd, which parts have their images in it.
const partsFile = "weft-lab-parts"

// storedParts names the parts that this checkout's clusters have images of.
func storedParts(l layout) []string {
	content, err := os.ReadFile(filepath.Join(l.storeLink(), partsFile))
	if err != nil {
		return nil
	}
	return strings.Fields(string(content))
}

// missing is an error that says how a part is built, if it isn't.
func (p part) missing(l layout) error {
	there := missingPackages(p.Packages, commandWorks) == nil &&
		(p.Image == nil || slices.Contains(storedParts(l), p.Name))
	if there {
		return nil
	}
	return fmt.Errorf("%s is not in this lab: run make %s, or bin/lab build --with %s", p.Name, p.Target, p.Name)
}

// needParts is an error for each part that a cluster is to have and has not.
func needParts(l layout, names []string) error {
	chosen, err := chooseParts(names)
	for _, p := range chosen {
		err = errors.Join(err, p.missing(l))
	}
	return err
}

// explainCommand says of a command that was not found which part has it.
func explainCommand(l layout, command string, err error) error {
	for _, p := range parts {
		if err != nil && slices.Contains(p.Commands, command) {
			return errors.Join(err, p.missing(l))
		}
	}
	return err
}

// packagesOf are the packages of a cluster and of the parts.
func packagesOf(asked []part) []debianPackage {
	packages := slices.Clone(debianPackages)
	for _, p := range asked {
		packages = append(packages, p.Packages...)
	}
	return packages
}
