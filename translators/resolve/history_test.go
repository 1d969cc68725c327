package resolve

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/model/modeltest"
)

// views is all that a graph answers, over the whole universe.
type views struct {
	Sights   map[model.Identity]Sight
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
	v := views{map[model.Identity]Sight{}, map[model.Key]ServiceViews{}, map[model.Key]ServiceViews{}, map[model.Identity]model.Inbound{}, map[model.Key]Class{}, map[netip.AddrPort]model.DirectCluster{}, map[model.Ref][]model.Diagnostic{}}
	for _, ns := range allNamespaces {
		for i := range 3 {
			k := func(kind string) model.Key { return model.Key{Namespace: ns, Name: fmt.Sprint(kind, i)} }
			v.Sights[model.Identity(k("sa"))] = g.Sight(model.Identity(k("sa")))
			v.Inbound[model.Identity(k("sa"))] = g.Inbound(model.Identity(k("sa")), someShape)
			v.Services[k("svc")] = g.ServiceViews(k("svc"))
			v.UDP[k("svc")] = g.UDPViews(k("svc"))
			v.Classes[k("pod")], _, _ = g.ClassOf(k("pod"))
			for _, r := range []model.Ref{{Kind: model.KindTrafficSplit, Key: k("split")}, {Kind: model.KindTrafficTarget, Key: k("target")}, {Kind: model.KindIdentityBinding, Key: k("binding")}} {
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

// TestSightKeyStandsForTheSight: who has the same key sees the same, and a key
// that changes is named by the change.
func TestSightKeyStandsForTheSight(t *testing.T) {
	shared := 0
	for seed := range uint64(60) {
		w := modeltest.New(seed, 2)
		g := NewGraph()
		before := map[model.Identity]string{}
		for step := range 150 {
			f := w.Fragment()
			var d *Dirty
			if w.IntN(4) == 0 {
				d = g.Delete(f.Ref())
			} else {
				d = g.Put(f)
			}
			sights := map[string]Sight{}
			for id, sight := range allViews(g).Sights {
				key := g.SightKey(id)
				if was, ok := before[id]; ok && key != was && !d.AllOutbound && !d.Everything && !d.Outbound.has(id) {
					t.Fatalf("seed %d step %d: the key of %s changed unsaid by %+v", seed, step, id, f)
				}
				before[id] = key
				if other, ok := sights[key]; ok {
					shared++
					if !reflect.DeepEqual(sight, other) {
						t.Fatalf("seed %d step %d: %q stands for two sights after %+v", seed, step, key, f)
					}
				}
				sights[key] = sight
			}
		}
	}
	if shared == 0 {
		t.Error("no two identities ever had one key")
	}
}

func undeclared(a, b views, d *Dirty) string {
	for k := range b.Sights {
		if !d.AllOutbound && !d.Outbound.has(k) && !reflect.DeepEqual(a.Sights[k], b.Sights[k]) {
			return "sight of " + k.String()
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
		if !d.AllInbound && !d.Inbound.has(k) && !reflect.DeepEqual(a.Inbound[k], b.Inbound[k]) {
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
