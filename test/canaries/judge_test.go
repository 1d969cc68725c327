package canaries

import (
	"strings"
	"testing"

	"github.com/weft-mesh/weft/test/traffic"
)

// What the specs rest on: an unfair share, a backend that nobody asked for and a sample that was cut off are found.
func TestJudge(t *testing.T) {
	quarter := weights{"web-canary": 25, "web-primary": 75}
	for name, tc := range map[string]struct {
		step step
		want string
	}{
		"fair":                      {step{asked: quarter, seen: traffic.Counts{"web-canary": 270, "web-primary": 730}}, ""},
		"all":                       {step{asked: weights{"web-canary": 0, "web-primary": 100}, seen: traffic.Counts{"web-primary": 1000}}, ""},
		"too many":                  {step{asked: quarter, seen: traffic.Counts{"web-canary": 320, "web-primary": 680}}, "fair for web-canary is 1"},
		"one where none is asked":   {step{asked: weights{"web-canary": 0, "web-primary": 1}, seen: traffic.Counts{"web-canary": 1, "web-primary": 999}}, "fair for web-canary is 0 to 0"},
		"no answer":                 {step{asked: quarter, seen: traffic.Counts{"web-canary": 250, "web-primary": 749, "nobody": 1}}, "nobody is no backend"},
		"nothing at all":            {step{asked: quarter, seen: traffic.Counts{}}, "no call"},
		"weights that did not last": {step{asked: quarter, seen: traffic.Counts{"web-canary": 250, "web-primary": 750}, short: true}, "too soon"},
	} {
		err := tc.step.judge()
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

func TestBackendOf(t *testing.T) {
	for pod, want := range map[string]string{
		"web-primary-74b5b9fddf-r9ql7": "web-primary", "web-897c8c4d9-2c6ls": "web-canary", "nobody": "nobody", "": "",
	} {
		if got := backendOf(pod); got != want {
			t.Errorf("backendOf(%q) = %q, want %q", pod, got, want)
		}
	}
}
