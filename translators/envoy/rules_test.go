package envoy

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/model"
)

func rulesOf(paths ...string) (rs []rule) {
	for _, p := range paths {
		r := model.AllowedRoute{Name: p, Match: model.HTTPMatch{PathRegex: p}}
		rs = append(rs, newRule(r))
	}
	return rs
}

func TestHeadOfARule(t *testing.T) {
	for re, want := range map[string]string{
		"/a/[0-9]+": "/a/", "^/a$": "/a", "/a|/b": "/", "a|b": "", "(/a/)(b|c)x": "/a/", "/ab*": "/a", "/ab?c": "/a", "(?i)/a": "", "/a(?i)b": "/a",
		".*": "", "": "", "/a{2}/": "/aa/", `\Q/a.b\E.`: "/a.b", "(?m)^/a": "", "(": "", "/é/x": "",
	} {
		if got := judgePath(re).head; got != want {
			t.Errorf("%q begins with %q, want %q", re, got, want)
		}
	}
}

// BenchmarkRules is what many rules weigh in a policy.
func BenchmarkRules(b *testing.B) {
	for _, shape := range []string{"^/item-%d$", "/item-%d/", "/item-%d/[0-9]+", "/[a-z]+/%d"} {
		b.Run("shape="+shape, func(b *testing.B) {
			var paths []string
			for i := range 1000 {
				paths = append(paths, fmt.Sprintf(shape, i))
			}
			b.ReportAllocs()
			for b.Loop() {
				b.ReportMetric(float64(proto.Size(ruleMatcher(rulesOf(paths...)))), "bytes")
			}
		})
	}
}
