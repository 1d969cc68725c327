package envoy

import (
	"slices"
	"strings"
	"testing"
)

func TestParseFamilies(t *testing.T) {
	for _, test := range []struct{ names, want string }{
		{"", ""}, {"osm", "osm\n"}, {"linkerd,istio", "linkerd\nistio\n"},
	} {
		families, err := ParseFamilies(strings.FieldsFunc(test.names, func(r rune) bool { return r == ',' }))
		if err != nil {
			t.Fatal(err)
		}
		files, err := BuildBootstrap(Bootstrap{Families: families})
		if err != nil || files[familiesFile] != test.want {
			t.Errorf("%s: %q, %v", test.names, files[familiesFile], err)
		}
	}
	if _, err := ParseFamilies([]string{"istio", "kuma"}); err == nil || !strings.Contains(err.Error(), `family "kuma" is none of [istio osm linkerd]`) {
		t.Errorf("a family that there is none of: %v", err)
	}
	if all, err := ParseFamilies([]string{"istio", "osm", "linkerd"}); err != nil || !slices.Equal(all, Families()) {
		t.Errorf("all: %v, %v", all, err)
	}
}
