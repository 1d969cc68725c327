package tests

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func TestEveryFeatureIsTested(t *testing.T) {
	tested := map[features.Name]bool{}
	for _, test := range suite.Tests() {
		for _, name := range test.Features {
			if _, ok := features.ByName(name); !ok {
				t.Errorf("%s: feature %s is not in the catalogue", test.Name, name)
			}
			tested[name] = true
		}
	}
	for _, f := range features.All() {
		if !tested[f.Name] {
			t.Errorf("%s has no test", f.Name)
		}
	}
}

// A core feature whose tests prove an extended one too would not be tested by a run of the core alone.
func TestCoreFeaturesHaveCoreTests(t *testing.T) {
	core := map[features.Name]bool{}
	for _, test := range suite.Tests() {
		for _, name := range test.Features {
			core[name] = core[name] || test.Level() == features.Core
		}
	}
	for _, f := range features.All() {
		if f.Level == features.Core && !core[f.Name] {
			t.Errorf("%s is core, and no core test proves it", f.Name)
		}
	}
}

func TestEveryTestIsTwoFiles(t *testing.T) {
	names := map[string]bool{}
	for _, test := range suite.Tests() {
		names[test.Name] = true
		if _, err := os.Stat(test.Name + ".go"); err != nil {
			t.Errorf("%s: %v", test.Name, err)
		}
		if test.Manifests != test.Name+".yaml" {
			t.Errorf("%s: its manifests are in %q", test.Name, test.Manifests)
		}
		if _, err := fs.Stat(Manifests, test.Manifests); err != nil {
			t.Errorf("%s: %v", test.Name, err)
		}
	}
	files, err := fs.Glob(Manifests, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !names[strings.TrimSuffix(file, ".yaml")] {
			t.Errorf("%s belongs to no test", file)
		}
	}
}

// The specification shows headers as a map and as a list; a cluster may take one of the two alone.
func TestHeadersAreWrittenInTheShapeOfTheCluster(t *testing.T) {
	files, err := fs.Glob(Manifests, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(Manifests, file)
		if err != nil {
			t.Fatal(err)
		}
		group := ""
		for i, line := range strings.Split(string(text), "\n") {
			if version, ok := strings.CutPrefix(line, "apiVersion: specs.smi-spec.io/"); ok {
				group = version
			}
			_, written, ok := strings.Cut(line, "headers:")
			if ok && !strings.HasPrefix(written, ` {{.Headers "`+group+`" `) && file != "specs-headers-list.yaml" {
				t.Errorf("%s, line %d: write {{.Headers %q ...}}", file, i+1, group)
			}
		}
	}
}
