package resolve

import (
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/model/modeltest"
)

// views is all that a graph answers, over the whole universe.
type views struct {
	Listener model.OutboundListener
	Sights   map[model.Identity]Sight
	Reach    map[model.Identity]Reach
	Services map[model.Key]ServiceViews
	UDP      map[model.Key]ServiceViews
	Inbound  map[model.Identity]model.Inbound
	Classes  map[model.Key]Class
	Direct   map[netip.AddrPort]model.DirectCluster
	Problems map[model.Ref][]model.Diagnostic
}

var (
	allNamespaces = []string{"shop", "bank"}
	someShape     = Shape{Ports: []ShapePort{{Number: 8080, Protocol: model.ProtocolHTTP}, {Number: 3306, Protocol: model.ProtocolTCP}}, UDP: []uint16{5353, 8080}}
)

func allViews(g *Graph) views {
	v := views{g.OutboundListener(), map[model.Identity]Sight{}, map[model.Identity]Reach{}, map[model.Key]ServiceViews{}, map[model.Key]ServiceViews{}, map[model.Identity]model.Inbound{}, map[model.Key]Class{}, map[netip.AddrPort]model.DirectCluster{}, map[model.Ref][]model.Diagnostic{}}
	for _, ns := range allNamespaces {
		for i := range 3 {
			k := func(kind string) model.Key { return model.Key{Namespace: ns, Name: fmt.Sprint(kind, i)} }
			v.Sights[model.Identity(k("sa"))] = g.Sight(model.Identity(k("sa")))
			v.Reach[model.Identity(k("sa"))] = g.Reach(model.Identity(k("sa")))
			v.Inbound[model.Identity(k("sa"))] = g.Inbound(model.Identity(k("sa")), someShape)
			v.Services[k("svc")] = g.ServiceViews(k("svc"))
			v.UDP[k("svc")] = g.UDPViews(k("svc"))
			v.Classes[k("pod")], _, _ = g.ClassOf(k("pod"))
			for _, r := range []model.Ref{{Kind: model.KindTrafficSplit, Key: k("split")}, {Kind: model.KindTrafficTarget, Key: k("target")}, {Kind: model.KindService, Key: k("svc")}, {Kind: model.KindIdentityBinding, Key: k("binding")}} {
				v.Problems[r] = g.Diagnose(r)
			}
		}
	}
	for i := range 8 {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i % 2), byte(i / 2)}), 8080)
		v.Direct[a] = g.Direct(a)
	}
	return v
}

// TestHistoryLeavesNoTrace: whatever came and went before, and in whatever
// order, the views are those of the fragments that are left.
func TestHistoryLeavesNoTrace(t *testing.T) {
	for seed := range uint64(60) {
		w := modeltest.New(seed, 1)
		g, left := NewGraph(), map[model.Ref]model.Fragment{}
		for range 150 {
			f := w.Fragment()
			if w.IntN(4) == 0 {
				g.Delete(f.Ref())
				delete(left, f.Ref())
				continue
			}
			g.Put(f)
			left[f.Ref()] = f
		}
		fresh := NewGraph()
		for _, f := range left { // map order: a shuffle
			fresh.Put(f)
		}
		if got, want := allViews(g), allViews(fresh); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: views after a history differ from those of a fresh graph: %s", seed, undeclared(want, got, NewDirty()))
		}
	}
}

// TestDirtyNamesAllThatChanged: a view that a change did not name is the same
// as before it.
func TestDirtyNamesAllThatChanged(t *testing.T) {
	for seed := range uint64(60) {
		w := modeltest.New(seed, 2)
		g := NewGraph()
		before := allViews(g)
		for step := range 150 {
			f := w.Fragment()
			var d *Dirty
			if w.IntN(4) == 0 {
				d = g.Delete(f.Ref())
			} else {
				d = g.Put(f)
			}
			after := allViews(g)
			if what := undeclared(before, after, d); what != "" {
				t.Fatalf("seed %d step %d: %s changed unsaid by %+v", seed, step, what, f)
			}
			before = after
		}
	}
}

// TestWhoSeesAServiceIsFoundFromBothSides: an identity's Services are those
// whose audience is all, or names somebody whom it may call.
func TestWhoSeesAServiceIsFoundFromBothSides(t *testing.T) {
	named := 0
	for seed := range uint64(60) {
		w := modeltest.New(seed, 2)
		g := NewGraph()
		for step := range 150 {
			f := w.Fragment()
			if w.IntN(4) == 0 {
				g.Delete(f.Ref())
			} else {
				g.Put(f)
			}
			for id, sight := range allViews(g).Sights {
				r := g.Reach(id)
				of := func(ids []model.Identity, audience func(model.Key) Audience) []model.Key {
					ks := set[model.Key]{}
					for _, i := range ids {
						for k := range g.ServicesOf(i) {
							if a := audience(k); slices.Contains(a.Identities, i) {
								ks.add(k)
								named++
							}
						}
					}
					for _, k := range g.Services() {
						if audience(k).All {
							ks.add(k)
						}
					}
					return slices.SortedFunc(maps.Keys(ks), model.Key.Compare)
				}
				got := Sight{of(r.Identities, g.Audience), of(r.UDP, g.UDPAudience)}
				if !reflect.DeepEqual(got, sight) {
					t.Fatalf("seed %d step %d: %s sees %v, but those whom it may call are behind %v", seed, step, id, sight, got)
				}
			}
		}
	}
	if named == 0 {
		t.Error("nobody ever saw a Service by a TrafficTarget")
	}
}

// unseen is a Service that only one of two sights has, though no change of its
// audience was told.
func unseen(a, b Sight, d *Dirty) string {
	for _, pair := range [][2][]model.Key{{a.Services, b.Services}, {a.UDP, b.UDP}} {
		for _, k := range slices.Concat(pair[0], pair[1]) {
			if slices.Contains(pair[0], k) != slices.Contains(pair[1], k) && !d.Audience.has(k) && !d.Everything {
				return k.String()
			}
		}
	}
	return ""
}

func undeclared(a, b views, d *Dirty) string {
	if !d.Listener && !d.Everything && !reflect.DeepEqual(a.Listener, b.Listener) {
		return "the listener"
	}
	for k := range b.Sights {
		if what := unseen(a.Sights[k], b.Sights[k], d); what != "" && !d.Outbound.has(k) {
			return "sight of " + k.String() + ": " + what
		}
		if !d.Outbound.has(k) && !d.Everything && !reflect.DeepEqual(a.Reach[k], b.Reach[k]) {
			return "reach of " + k.String()
		}
	}
	for k := range b.Services {
		for _, pair := range [][2]ServiceViews{{a.Services[k], b.Services[k]}, {a.UDP[k], b.UDP[k]}} {
			if d.Endpoints.has(k) {
				pair[0].Endpoints, pair[1].Endpoints = nil, nil
			}
			if !d.Services.has(k) && !reflect.DeepEqual(pair[0], pair[1]) {
				return "service " + k.String()
			}
		}
	}
	for k := range b.Inbound {
		if !d.AllInbound && !d.Namespaces.has(k.Namespace) && !d.Inbound.has(k) && !reflect.DeepEqual(a.Inbound[k], b.Inbound[k]) {
			return "inbound of " + k.String()
		}
	}
	for k := range b.Classes {
		if !d.Pods.has(k) && a.Classes[k] != b.Classes[k] {
			return "class of " + k.String()
		}
	}
	for k := range b.Direct {
		if !d.Addresses.has(k.Addr()) && !reflect.DeepEqual(a.Direct[k], b.Direct[k]) {
			return "direct " + k.String()
		}
	}
	for k := range b.Problems {
		if !d.Objects.has(k) && !reflect.DeepEqual(a.Problems[k], b.Problems[k]) {
			return "diagnostics of " + k.String()
		}
	}
	return ""
}
