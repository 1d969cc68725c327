package main

import (
	"testing"

	"github.com/weft-mesh/weft/test/traffic"
)

func TestJudge(t *testing.T) {
	canary := []share{{"v1", 0.75}, {"v2", 0.25}}
	tests := map[string]struct {
		want   []share
		counts traffic.Counts
		right  bool
	}{
		"a fair split":             {canary, traffic.Counts{"v1": 380, "v2": 120}, true},
		"at the edge":              {canary, traffic.Counts{"v1": 342, "v2": 158}, true},
		"over the edge":            {canary, traffic.Counts{"v1": 341, "v2": 159}, false},
		"a split by halves":        {canary, traffic.Counts{"v1": 250, "v2": 250}, false},
		"a split the wrong way":    {canary, traffic.Counts{"v1": 125, "v2": 375}, false},
		"all as wanted":            {all("403"), traffic.Counts{"403": 500}, true},
		"one that got through":     {all("403"), traffic.Counts{"403": 499, "200": 1}, false},
		"one with another outcome": {canary, traffic.Counts{"v1": 380, "v2": 119, "503": 1}, false},
		"what was not seen":        {all("v1"), traffic.Counts{"v1": 500, "v2": 0}, true},
		"the wrong version":        {all("v1"), traffic.Counts{"v2": 500}, false},
		"nothing was measured":     {all("v1"), traffic.Counts{}, false},
		"no answer at all":         {all("200"), traffic.Counts{noAnswer: 500}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if verdicts := judge(tc.want, tc.counts); allRight(verdicts) != tc.right {
				t.Errorf("right = %v, want %v: %+v", !tc.right, tc.right, verdicts)
			}
		})
	}
}
