package resolve

import (
	"slices"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

func binding(name string, change func(*model.IdentityBinding)) *model.IdentityBinding {
	b := &model.IdentityBinding{Key: model.Key{Namespace: "shop", Name: name}}
	change(b)
	return b
}

func labelled(name, account string, meshed bool, labels map[string]string) *model.Pod {
	return &model.Pod{
		Key: model.Key{Namespace: "shop", Name: name}, Identity: model.Identity{Namespace: "shop", Name: account},
		Meshed: meshed, Labels: labels,
	}
}

// bindingMesh has a target from the binding "callers" to the binding "called".
func bindingMesh(fs ...model.Fragment) *Graph {
	g := NewGraph()
	t := target("t", rule(model.KindHTTPRouteGroup, "g"))
	t.Destination, t.DestinationBinding = model.Identity{}, "called"
	t.Sources, t.SourceBindings = nil, []model.Key{{Namespace: "shop", Name: "callers"}}
	for _, f := range append([]model.Fragment{group("g", "m"), t}, fs...) {
		g.Put(f)
	}
	return g
}

func callersOf(g *Graph, id model.Identity) (names []string) {
	for _, p := range g.Inbound(id, Shape{Ports: []ShapePort{{Number: 8080, Protocol: model.ProtocolHTTP}}}).Ports {
		for _, c := range p.Policy.Callers {
			names = append(names, c.Identity.Name)
		}
	}
	return names
}

// TestIdentityBinding walks through IdentityBinding v1alpha4.
func TestIdentityBinding(t *testing.T) {
	called := binding("called", func(b *model.IdentityBinding) { b.ServiceAccount = "web" })
	app := map[string]string{"app": "front"}
	selector := binding("callers", func(b *model.IdentityBinding) { b.PodLabels = app })
	tests := map[string]struct {
		world []model.Fragment
		want  []string
		// told is part of what the binding "callers" or the target is told.
		told string
	}{
		"a service account": {[]model.Fragment{called, binding("callers", func(b *model.IdentityBinding) { b.ServiceAccount = "front" })}, []string{"front"}, ""},
		"a SPIFFE identity": {[]model.Fragment{called, binding("callers", func(b *model.IdentityBinding) {
			b.SPIFFEIDs = []string{"cluster.local/ns/shop/sa/front"}
		})}, []string{"front"}, ""},
		"schemes are ORed": {[]model.Fragment{called, binding("callers", func(b *model.IdentityBinding) {
			b.ServiceAccount, b.SPIFFEIDs = "back", []string{"cluster.local/ns/shop/sa/front"}
		})}, []string{"back", "front"}, ""},
		"its namespace is its boundary": {[]model.Fragment{called, binding("callers", func(b *model.IdentityBinding) {
			b.SPIFFEIDs = []string{"cluster.local/ns/bank/sa/front"}
		})}, nil, `is of namespace "bank"`},
		"a foreign trust domain": {[]model.Fragment{called, binding("callers", func(b *model.IdentityBinding) {
			b.SPIFFEIDs = []string{"elsewhere.test/ns/shop/sa/front"}
		})}, nil, "trust domain"},
		"a name that starts as the trust domain does": {[]model.Fragment{called, binding("callers", func(b *model.IdentityBinding) {
			b.SPIFFEIDs = []string{"cluster.localhost/ns/shop/sa/front"}
		})}, nil, "trust domain"},
		"labels":                 {[]model.Fragment{called, selector, labelled("a", "front", true, map[string]string{"app": "front", "v": "1"})}, []string{"front"}, ""},
		"labels that nobody has": {[]model.Fragment{called, selector, labelled("a", "front", true, nil)}, nil, "no pod of the mesh"},
		"an account that others have too is never widened": {[]model.Fragment{
			called, selector, labelled("a", "front", true, app), labelled("b", "front", true, nil), labelled("c", "back", true, app),
		}, []string{"back"}, "also that of pod b"},
		"a pod outside of the mesh has no identity": {[]model.Fragment{called, selector, labelled("a", "front", true, app), labelled("b", "front", false, nil)}, []string{"front"}, ""},
		"a missing one of the callers":              {[]model.Fragment{called}, nil, "IdentityBinding shop/callers does not exist"},
		"a missing one of the called":               {[]model.Fragment{binding("callers", func(b *model.IdentityBinding) { b.ServiceAccount = "front" })}, nil, "IdentityBinding shop/called does not exist"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := bindingMesh(test.world...)
			if got := callersOf(g, web); !slices.Equal(got, test.want) {
				t.Errorf("web is open to %v, want %v", got, test.want)
			}
			var told []string
			for _, r := range []model.Ref{{Kind: model.KindIdentityBinding, Key: selector.Key}, target("t").Ref()} {
				for _, d := range g.Diagnose(r) {
					told = append(told, d.Text())
				}
			}
			if text := strings.Join(told, "; "); !strings.Contains(text, test.told) || (test.told == "") != (text == "") {
				t.Errorf("told %q, want %q", text, test.told)
			}
		})
	}
}

// TestIdentityBindingFollowsPods: a pod that comes with the account of the
// selected ones, and other labels, closes what they had.
func TestIdentityBindingFollowsPods(t *testing.T) {
	app := map[string]string{"app": "front"}
	g := bindingMesh(
		binding("called", func(b *model.IdentityBinding) { b.ServiceAccount = "web" }),
		binding("callers", func(b *model.IdentityBinding) { b.PodLabels = app }),
		labelled("a", "front", true, app),
	)
	step := func(what string, d *Dirty, want ...string) {
		t.Helper()
		if got := callersOf(g, web); !slices.Equal(got, want) {
			t.Errorf("%s: open to %v, want %v", what, got, want)
		}
		if !d.Inbound.has(web) && !d.Outbound.has(front) {
			t.Errorf("%s: neither side is dirty", what)
		}
	}
	step("a stranger comes", g.Put(labelled("b", "front", true, nil)))
	step("it gets the labels", g.Put(labelled("b", "front", true, app)), "front")
	step("the binding goes", g.Delete(model.Ref{Kind: model.KindIdentityBinding, Key: model.Key{Namespace: "shop", Name: "callers"}}))
}
