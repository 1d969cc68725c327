package resolve

import (
	"fmt"
	"slices"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

func inShop(name string) model.Identity { return model.Identity{Namespace: "shop", Name: name} }

func opens(name string, to model.Identity, sources ...model.Identity) *model.Target {
	return &model.Target{
		Key: model.Key{Namespace: "shop", Name: name}, Destination: to, Sources: sources,
		Rules: []model.TargetRule{{Kind: model.KindTCPRoute, Name: "any"}},
	}
}

// TestReachFollowsTheModes: what all may call is nobody's own.
func TestReachFollowsTheModes(t *testing.T) {
	g := NewGraph()
	g.Put(opens("web", inShop("web"), inShop("bot")))
	for _, f := range []model.Fragment{
		&model.Mesh{Access: model.AccessPermissive}, &model.Mesh{Access: model.AccessEnforcing},
		&model.Namespace{Name: "shop", Access: model.AccessPermissive}, &model.Namespace{Name: "shop"},
	} {
		g.Put(f)
		want := []model.Identity{inShop("web")}
		if g.open(inShop("web")) {
			want = nil
		}
		if got := g.Reach(inShop("bot")).Identities; !slices.Equal(got, want) {
			t.Errorf("after %+v: %v, want %v", f, got, want)
		}
	}
}

// TestIdentitiesOfTheSameTargetsShareAReach: it is worked out once.
func TestIdentitiesOfTheSameTargetsShareAReach(t *testing.T) {
	g := NewGraph()
	for i := range 20 {
		sources := []model.Identity{inShop("a"), inShop("b")}
		if i < 19 {
			sources = append(sources, inShop("c"))
		}
		g.Put(opens(fmt.Sprint("to-", i), inShop(fmt.Sprint("web-", i)), sources...))
	}
	a, b, c := g.Reach(inShop("a")), g.Reach(inShop("b")), g.Reach(inShop("c"))
	if len(a.Identities) != 20 || &a.Identities[0] != &b.Identities[0] || a.Key != b.Key {
		t.Errorf("%v and %v", a, b)
	}
	if len(c.Identities) != 19 || c.Key == a.Key {
		t.Errorf("%v has the reach of %v", c, a)
	}
	g.Put(opens("to-19", inShop("web-19"), inShop("a"), inShop("b"), inShop("c")))
	if c = g.Reach(inShop("c")); c.Key != a.Key || c.Key != g.Reach(inShop("a")).Key {
		t.Errorf("%v has another reach than %v", c, a)
	}
}

// TestReachesAreBounded, however many there are.
func TestReachesAreBounded(t *testing.T) {
	g := NewGraph()
	for i := range 3 * maxReaches {
		g.Put(opens(fmt.Sprint(i), inShop("web"), inShop(fmt.Sprint(i))))
	}
	for i := range 3 * maxReaches {
		if r := g.Reach(inShop(fmt.Sprint(i))); len(r.Identities) != 1 {
			t.Fatal(r)
		}
	}
	if n := len(g.reaches.known); n > maxReaches {
		t.Errorf("%d are remembered", n)
	}
	for i := range 3 * maxReaches {
		g.Delete(opens(fmt.Sprint(i), inShop("web")).Ref())
	}
	if n := len(g.reaches.of); n > 0 {
		t.Errorf("%d identities are remembered that nothing names", n)
	}
}
