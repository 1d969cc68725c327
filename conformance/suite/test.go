package suite

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/weft-mesh/weft/conformance/features"
)

// Test is one conformance test: a Go file and a YAML file in the package tests.
type Test struct {
	// Name is the name of both files without their suffix, as in "access-http-methods".
	Name string
	// Description says in one sentence what holds where the test passes.
	Description string
	// Features are what the test proves. All of them fail where it fails.
	Features []features.Name
	// Manifests names the YAML file. Its documents are applied before Run and deleted after it; what stands in
	// {{define "later"}}...{{end}} is applied by Env.ApplyStage(ctx, "later") only. It is a text/template over the
	// Env: {{.Main}}, {{.Other}} and {{.Outside}} are the namespaces. What names no namespace goes into Main.
	Manifests string
	// OpenByDefault puts the test into namespaces where the mesh allows what no TrafficTarget allows, so that Env.Main is
	// such a namespace. Tests of ACCESS and SPECS leave it false.
	OpenByDefault bool
	// Run is the test. It fails by gomega or ginkgo.Fail.
	Run func(ctx context.Context, e *Env)
}

// registry holds the tests by name.
var registry = map[string]Test{}

// Register adds a test. It is called from the init of the test's file; a second test of a name is a defect.
func Register(t Test) {
	if _, taken := registry[t.Name]; taken {
		panic(fmt.Sprintf("test %s is registered twice", t.Name))
	}
	registry[t.Name] = t
}

// Tests lists the registered tests by their first profile and name.
func Tests() []Test {
	all := make([]Test, 0, len(registry))
	for _, t := range registry {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b Test) int {
		return cmp.Or(cmp.Compare(a.first(), b.first()), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// Profiles are those of the test's features, the first feature's first. The test belongs to each of them.
func (t Test) Profiles() []features.Profile {
	var all []features.Profile
	for _, name := range t.Features {
		if f, ok := features.ByName(name); ok && !slices.Contains(all, f.Profile) {
			all = append(all, f.Profile)
		}
	}
	return all
}

// first is the place of the test's first profile among all.
func (t Test) first() int {
	if all := t.Profiles(); len(all) > 0 {
		return slices.Index(features.Profiles(), all[0])
	}
	return -1
}

// Level is core where all of the test's features are core.
func (t Test) Level() features.Level {
	for _, name := range t.Features {
		if f, ok := features.ByName(name); !ok || f.Level != features.Core {
			return features.Extended
		}
	}
	return features.Core
}
