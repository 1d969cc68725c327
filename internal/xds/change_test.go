package xds

import (
	"strings"
	"testing"
)

// TestChangeAddsUp: what came and what went, in whatever order it is told.
func TestChangeAddsUp(t *testing.T) {
	a, a2, b := &Resource{Name: "a", Version: "1"}, &Resource{Name: "a", Version: "2"}, &Resource{Name: "b", Version: "1"}
	for name, tc := range map[string]struct {
		steps []Step
		want  string
	}{
		"nothing":                  {nil, ""},
		"comes":                    {[]Step{{b, 1}, {a, 1}}, "a:-1 b:-1"},
		"goes":                     {[]Step{{a, -1}}, "a:1-"},
		"another version":          {[]Step{{a, -1}, {a2, 1}}, "a:12"},
		"told the other way":       {[]Step{{a2, 1}, {b, 1}, {a, -1}}, "a:12 b:-1"},
		"from one to another":      {[]Step{{a, 1}, {b, 1}, {a, -1}}, "b:-1"},
		"there and back":           {[]Step{{a, -1}, {a2, 1}, {a2, -1}, {a, 1}}, ""},
		"comes twice, goes once":   {[]Step{{a, 1}, {a, -1}, {a, 1}}, "a:-1"},
		"by way of what is past":   {[]Step{{a, -1}, {a2, 1}, {a2, -1}}, "a:1-"},
		"one of two owners leaves": {[]Step{{a, -1}, {a, 1}, {a, -1}}, "a:1-"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, turn := range NewChange(tc.steps).turns {
				got = append(got, turn.name+":"+versionOf(turn.was)+versionOf(turn.is))
			}
			if s := strings.Join(got, " "); s != tc.want {
				t.Errorf("got %q, want %q", s, tc.want)
			}
		})
	}
}

// TestLayersThatChangeAlikeShareTheChange, and those that do not are right too.
func TestLayersThatChangeAlikeShareTheChange(t *testing.T) {
	a, a2, b := &Resource{Name: "a"}, &Resource{Name: "a"}, &Resource{Name: "b"}
	c := NewChange([]Step{{a, -1}, {a2, 1}})
	one, two := NewLayer(a).Follow(c), NewLayer(a, b).Follow(c)
	if one.by != c || two.by != c {
		t.Error("two layers that change alike hold two changes")
	}
	if other := NewLayer(b).Follow(c); other.get("a") != a2 || other.by == c || other.by.turns[0].was != nil {
		t.Error("a layer without it holds that it had it")
	}
	if same := NewLayer(a2); same.Follow(c) != same {
		t.Error("a layer that has it already has changed")
	}
}

func versionOf(r *Resource) string {
	if r == nil {
		return "-"
	}
	return r.Version
}
