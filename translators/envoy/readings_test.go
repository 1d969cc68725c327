package envoy

import (
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/translators/envoy/envoytest"
)

// allows is what a policy of this one rule makes of a path.
func (j judgedPath) allows(path string) bool {
	return j.holds(path) && (j.free || compiled(`\A(?:`+noDotSegments+`)\z`).MatchString(path)) &&
		!(j.noSlashes && strings.Contains(path, "//")) && !(j.noEscapes && strings.ContainsAny(path, `%;\`))
}

// Trap 36: a policy lets a path through as it was
// sent, so it must not matter how the application reads it.
func TestWhatIsAllowedIsAllowedInAllReadings(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 8))
	judged := make([]judgedPath, len(envoytest.PathRules))
	for i, re := range envoytest.PathRules {
		judged[i] = judgePath(re)
	}
	allowed, naive := make([]int, len(envoytest.PathRules)), 0
	for range 15_000 {
		path := envoytest.AnyPath(r)
		readings, odd := envoytest.Readings(path, false), []string(nil)
		for i, j := range judged {
			if !means(envoytest.PathRules[i], path) {
				if j.allows(path) {
					t.Fatalf("%q does not match %q, and is allowed: %+v", path, envoytest.PathRules[i], j)
				}
				continue
			}
			bad := other(envoytest.PathRules[i], readings)
			if bad == "" && j.prefix != "" {
				if odd == nil {
					odd = envoytest.Readings(path, true)
				}
				bad = other(envoytest.PathRules[i], odd)
			}
			switch {
			case !j.allows(path):
				if bad != "" {
					naive++
				}
			case bad != "":
				t.Errorf("%q is allowed by %q, and is also read as %q: %+v", path, envoytest.PathRules[i], bad, j)
			default:
				allowed[i]++
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Log(naive, "were refused that can be read as what is not allowed;", allowed)
}

// other is a reading that a rule does not match; empty for none.
func other(rule string, readings []string) string {
	for _, r := range readings {
		if !means(rule, r) {
			return r
		}
	}
	return ""
}

// FuzzWhatIsAllowedIsAllowedInAllReadings: by whatever regex, but for what its
// author wrote out.
func FuzzWhatIsAllowedIsAllowedInAllReadings(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, re := range envoytest.PathRules {
		for range 3 {
			f.Add(re, envoytest.AnyPath(r))
		}
	}
	f.Fuzz(func(t *testing.T, re, path string) {
		parsed, err := syntax.Parse(re, syntax.Perl)
		if err != nil || writesOut(parsed) || !isVisible(re) || !isVisible(path) || strings.ContainsAny(path, "?#") || !strings.HasPrefix(path, "/") || len(path) > 60 {
			t.Skip()
		}
		if _, err := regexp.Compile("(?s)(?:" + re + ").*"); err != nil {
			t.Skip() // translators/smi lets none through
		}
		j := judgePath(re)
		if !j.allows(path) {
			return
		}
		if bad := other(re, envoytest.Readings(path, false)); bad != "" && !j.free {
			t.Errorf("%q is allowed by %q, and is also read as %q: %+v", path, re, bad, j)
		}
	})
}

// writesOut tells that an author wrote what can be read in two ways.
func writesOut(r *syntax.Regexp) bool {
	if r.Op == syntax.OpLiteral {
		return strings.ContainsAny(string(r.Rune), `%;\`) || strings.Contains(string(r.Rune), "//")
	}
	return slices.ContainsFunc(r.Sub, writesOut)
}
