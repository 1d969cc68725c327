package resolve

import (
	"slices"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// TestDiagnosticsNameTheAuthorsPlaces: fields are those of the object as it was
// written, whatever was left out of the fragment or added up.
func TestDiagnosticsNameTheAuthorsPlaces(t *testing.T) {
	g := NewGraph()
	service(g, 1, "web", 80)
	s := split("s", 0, nil)
	s.Backends = []model.Backend{{Service: shopKey("web"), Weight: 1, At: 0}, {Service: shopKey("gone"), Weight: 1, At: 3}}
	g.Put(s)
	tt := target("t", rule(model.KindHTTPRouteGroup, "g", "a", "a", "b"))
	tt.Rules[0].At = 2
	g.Put(group("g", "a"))
	g.Put(tt)
	for ref, want := range map[model.Ref][]string{
		s.Ref():  {"spec.backends[3].service"},
		tt.Ref(): {"spec.rules[2].matches[2]"},
	} {
		var got []string
		for _, d := range g.Diagnose(ref) {
			got = append(got, d.Field)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s is told of %v, want %v", ref, got, want)
		}
	}
}
