package resolve

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// world draws random fragments from a small universe, so that references meet.
type world struct{ *rand.Rand }

func (w world) namespace() string { return []string{"shop", "bank"}[w.IntN(2)] }
func (w world) name(kind string) string {
	return fmt.Sprintf("%s%d", kind, w.IntN(3))
}
func (w world) key(kind string) model.Key {
	return model.Key{Namespace: w.namespace(), Name: w.name(kind)}
}

func (w world) identity() model.Identity { return model.Identity(w.key("sa")) }

func (w world) fragment() model.Fragment {
	switch w.IntN(9) {
	case 0:
		return &model.Namespace{Name: w.namespace(), Access: []model.Access{"", model.AccessPermissive, model.AccessEnforcing}[w.IntN(3)]}
	case 1:
		return w.service()
	case 2, 3:
		return w.slice()
	case 4:
		return w.pod()
	case 5:
		return w.split()
	case 6:
		return &model.RouteGroup{Key: w.key("group"), Matches: []model.NamedMatch{{Name: w.name("m"), HTTPMatch: model.HTTPMatch{PathRegex: "/" + w.name("p")}}}}
	case 7:
		return &model.PortRoute{Kind: model.KindTCPRoute, Key: w.key("tcp"), Ports: [][]uint16{nil, {80}, {80, 3306}}[w.IntN(3)]}
	default:
		return w.target()
	}
}

func (w world) service() *model.Service {
	k := w.key("svc")
	s := &model.Service{Key: k, Ports: []model.Port{{Name: "http", Number: 80, Protocol: model.ProtocolHTTP}}}
	s.Addresses = []netip.Addr{netip.AddrFrom4([4]byte{198, 19, byte(len(k.Namespace + k.Name)), k.Name[3]})}
	if w.IntN(2) == 0 {
		s.Ports = append(s.Ports, model.Port{Name: "db", Number: 3306, Protocol: model.ProtocolTCP})
	}
	return s
}

func (w world) slice() *model.EndpointSlice {
	s := &model.EndpointSlice{Key: w.key("slice"), Service: w.key("svc"), Ports: []model.TargetPort{{Name: "http", Number: 8080}, {Name: "db", Number: 3306}}}
	for range w.IntN(3) {
		s.Endpoints = append(s.Endpoints, model.Address{Addr: w.addr(), Serve: w.IntN(3) > 0, Pod: w.key("pod")})
	}
	return s
}

func (w world) addr() netip.Addr {
	return netip.AddrFrom4([4]byte{198, 18, byte(w.IntN(2)), byte(w.IntN(4))})
}

func (w world) pod() *model.Pod {
	return &model.Pod{Key: w.key("pod"), Addresses: []netip.Addr{w.addr()}, Identity: w.identity(), Meshed: w.IntN(4) > 0}
}

func (w world) split() *model.Split {
	s := &model.Split{Key: w.key("split"), Created: time.Unix(int64(w.IntN(2)), 0)}
	s.Root = model.Key{Namespace: s.Namespace, Name: w.name("svc")}
	for i := range 1 + w.IntN(3) {
		s.Backends = append(s.Backends, model.Backend{Service: model.Key{Namespace: s.Namespace, Name: fmt.Sprintf("svc%d", i)}, Weight: uint32(w.IntN(3))})
	}
	if w.IntN(3) == 0 {
		s.Matched, s.Matches = true, []model.Key{{Namespace: s.Namespace, Name: w.name("group")}}
	}
	return s
}

func (w world) target() *model.Target {
	t := &model.Target{Key: w.key("target")}
	t.Destination = model.Identity{Namespace: t.Namespace, Name: w.name("sa")}
	for range 1 + w.IntN(2) {
		t.Sources = append(t.Sources, w.identity())
	}
	t.Rules = []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: w.name("group")}}
	if w.IntN(2) == 0 {
		t.Rules = append(t.Rules, model.TargetRule{Kind: model.KindTCPRoute, Name: w.name("tcp")})
	}
	return t
}

// views is all that a graph answers, over the whole universe.
type views struct {
	Sights   map[model.Identity]Sight
	Services map[model.Key]ServiceViews
	Inbound  map[model.Identity]model.Inbound
	Classes  map[model.Key]Class
	Direct   map[netip.AddrPort]model.DirectCluster
	Problems map[model.Ref][]model.Diagnostic
}

var (
	allNamespaces = []string{"shop", "bank"}
	someShape     = Shape{Ports: []ShapePort{{8080, model.ProtocolHTTP}, {3306, model.ProtocolTCP}}}
)

func allViews(g *Graph) views {
	v := views{map[model.Identity]Sight{}, map[model.Key]ServiceViews{}, map[model.Identity]model.Inbound{}, map[model.Key]Class{}, map[netip.AddrPort]model.DirectCluster{}, map[model.Ref][]model.Diagnostic{}}
	for _, ns := range allNamespaces {
		for i := range 3 {
			k := func(kind string) model.Key { return model.Key{Namespace: ns, Name: fmt.Sprint(kind, i)} }
			v.Sights[model.Identity(k("sa"))] = g.Sight(model.Identity(k("sa")))
			v.Inbound[model.Identity(k("sa"))] = g.Inbound(model.Identity(k("sa")), someShape)
			v.Services[k("svc")] = g.ServiceViews(k("svc"))
			v.Classes[k("pod")], _, _ = g.ClassOf(k("pod"))
			for _, r := range []model.Ref{{Kind: model.KindTrafficSplit, Key: k("split")}, {Kind: model.KindTrafficTarget, Key: k("target")}} {
				v.Problems[r] = g.Diagnose(r)
			}
		}
	}
	for i := range 8 {
		a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i % 2), byte(i / 2)}), 8080)
		v.Direct[a], _ = g.Direct(a)
	}
	return v
}

// TestHistoryLeavesNoTrace: whatever came and went before, and in whatever
// order, the views are those of the fragments that are left.
func TestHistoryLeavesNoTrace(t *testing.T) {
	for seed := range uint64(60) {
		w := world{rand.New(rand.NewPCG(seed, 1))}
		g, left := NewGraph(), map[model.Ref]model.Fragment{}
		for range 150 {
			f := w.fragment()
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
		w := world{rand.New(rand.NewPCG(seed, 2))}
		g := NewGraph()
		before := allViews(g)
		for step := range 150 {
			f := w.fragment()
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

func undeclared(a, b views, d *Dirty) string {
	for k := range b.Sights {
		if !d.AllOutbound && !d.Outbound.has(k) && !reflect.DeepEqual(a.Sights[k], b.Sights[k]) {
			return "sight of " + k.String()
		}
	}
	for k := range b.Services {
		x, y := a.Services[k], b.Services[k]
		if d.Services.has(k) {
			continue
		}
		if d.Endpoints.has(k) {
			x.Endpoints, y.Endpoints = nil, nil
		}
		if !reflect.DeepEqual(x, y) {
			return "service " + k.String()
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
