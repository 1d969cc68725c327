package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/test/cluster"
)

// The steps name files and pods that are there, and all that is wanted adds up.
func TestSteps(t *testing.T) {
	samples := filepath.Join("..", "..", "config", "samples")
	shop, err := os.ReadFile(filepath.Join(samples, steps[0].sample))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		text, err := os.ReadFile(filepath.Join(samples, s.sample))
		if err != nil {
			t.Error(err)
			continue
		}
		if objects, err := cluster.Decode(string(text)); err != nil || len(objects) == 0 {
			t.Errorf("%s: %d objects, %v", s.sample, len(objects), err)
		}
		for _, l := range s.lines {
			if !strings.Contains(string(shop), "app: "+l.who.labels["app"]) || !strings.Contains(string(shop), "- name: "+l.who.container) {
				t.Errorf("%s: the shop has no pod %v with a container %s", s.title, l.who.labels, l.who.container)
			}
			sum := 0.0
			for _, w := range l.want {
				sum += w.p
			}
			if math.Abs(sum-1) > 1e-9 {
				t.Errorf("%s: the shares of %s add up to %g", s.title, l.who.name, sum)
			}
		}
	}
}

// A shop that carries the label is one that the demo may replace.
func TestShopIsKnownAsTheSamples(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "config", "samples", steps[0].sample))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := cluster.Decode(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetKind() == "Namespace" && o.GetName() == namespace && o.GetLabels()[ownerLabel] == owner {
			return
		}
	}
	t.Errorf("no Namespace %s with the label %s=%s", namespace, ownerLabel, owner)
}
