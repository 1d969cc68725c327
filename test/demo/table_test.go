package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/traffic"
)

func TestPrintMeasure(t *testing.T) {
	canary := map[string]float64{v1: 0.75, v2: 0.25}
	tests := map[string]struct {
		want   map[string]float64
		counts traffic.Counts
		ok     bool
	}{
		"a fair split":              {canary, traffic.Counts{v1: 380, v2: 120}, true},
		"a split by halves":         {canary, traffic.Counts{v1: 250, v2: 250}, false},
		"all as wanted":             {all(refused), traffic.Counts{refused: 500}, true},
		"one that got through":      {all(refused), traffic.Counts{refused: 499, v1: 1}, false},
		"one with another outcome":  {canary, traffic.Counts{v1: 380, v2: 119, "status 503": 1}, false},
		"nothing was measured":      {all(v1), traffic.Counts{}, false},
		"the wrong version answers": {all(v1), traffic.Counts{v2: 500}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if ok := printMeasure(&out, measure{from: "front", what: "GET /", want: tc.want}, tc.counts, 500); ok != tc.ok {
				t.Errorf("ok = %v, want %v; printed:\n%s", ok, tc.ok, &out)
			}
			if strings.Contains(out.String(), "NOT AS EXPECTED") == tc.ok {
				t.Errorf("printed:\n%s", &out)
			}
		})
	}
}

// The steps name files and pods that are there.
func TestSteps(t *testing.T) {
	samples := filepath.Join("..", "..", "config", "samples")
	shop, err := os.ReadFile(filepath.Join(samples, "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		for _, file := range s.files {
			text, err := os.ReadFile(filepath.Join(samples, file))
			if err != nil {
				t.Error(err)
				continue
			}
			if objects, err := cluster.Decode(string(text)); err != nil || len(objects) == 0 {
				t.Errorf("%s: %d objects, %v", file, len(objects), err)
			}
		}
		for _, m := range s.measures {
			if !strings.Contains(string(shop), "app: "+m.from) {
				t.Errorf("%s: no pod of the shop has the label app: %s", s.title, m.from)
			}
			sum := 0.0
			for _, share := range m.want {
				sum += share
			}
			if sum != 1 {
				t.Errorf("%s: the shares of %s add up to %g", s.title, m.from, sum)
			}
		}
	}
}
