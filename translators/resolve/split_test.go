package resolve

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

func shopKey(name string) model.Key { return model.Key{Namespace: "shop", Name: name} }

// service is one with HTTP on 80 and TCP on 3306, and a pod of its own.
func service(g *Graph, n byte, name string, ports ...uint16) {
	s := &model.Service{Key: shopKey(name), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{198, 19, 0, n})}}
	slice := &model.EndpointSlice{Key: shopKey(name + "-abc"), Service: s.Key}
	for _, p := range ports {
		proto := model.ProtocolHTTP
		if p == 3306 {
			proto = model.ProtocolTCP
		}
		s.Ports = append(s.Ports, model.Port{Name: fmt.Sprint("p", p), Number: p, Protocol: proto})
		slice.Ports = append(slice.Ports, model.TargetPort{Name: fmt.Sprint("p", p), Number: 10_000 + p})
	}
	addr := netip.AddrFrom4([4]byte{198, 18, 0, n})
	pod := &model.Pod{Key: shopKey(name + "-0"), Addresses: []netip.Addr{addr}, Identity: model.Identity(shopKey(name)), Meshed: true}
	slice.Endpoints = []model.Address{{Addr: addr, Serve: true, Pod: pod.Key}}
	g.Put(s)
	g.Put(pod)
	g.Put(slice)
}

func split(name string, age int, weights map[string]uint32, groups ...string) *model.Split {
	s := &model.Split{Key: shopKey(name), Root: shopKey("web"), Created: time.Unix(int64(1000-age), 0)}
	for _, b := range []string{"web", "v1", "v2", "gone"} {
		if w, ok := weights[b]; ok {
			s.Backends = append(s.Backends, model.Backend{Service: shopKey(b), Weight: w})
		}
	}
	for _, g := range groups {
		s.Matched = true
		s.Matches = append(s.Matches, shopKey(g))
	}
	return s
}

// routes prints how requests to web:80 are routed.
func routes(g *Graph) []string {
	var out []string
	for _, o := range g.ServiceViews(shopKey("web")).Outbound {
		for _, r := range o.Routes {
			match := "*"
			if r.Match != nil {
				match = r.Match.PathRegex
			}
			line := match + " ->"
			for _, b := range r.Backends {
				line += fmt.Sprintf(" %s=%d", b.Cluster.Service.Name, b.Weight)
			}
			out = append(out, line)
		}
	}
	return out
}

func groupsOf(g *Graph) (weights []string) {
	for _, e := range g.ServiceEndpoints(shopKey("web"), false) {
		if e.Cluster.Port == 3306 && e.Address.IsValid() {
			for _, gr := range e.Groups {
				weights = append(weights, fmt.Sprintf("%s=%d/%d", gr.Backend.Name, gr.Weight, len(gr.Endpoints)))
			}
		}
	}
	return weights
}

// TestSplit walks through TrafficSplit v1alpha4 and the traps about it.
func TestSplit(t *testing.T) {
	v1v2 := map[string]uint32{"v1": 3, "v2": 1}
	tests := map[string]struct {
		fragments []model.Fragment
		http      []string
		tcp       []string
		reasons   map[string]string // of split → reason, for those with a diagnostic
	}{
		"no split":             {http: []string{"* -> web=1"}, tcp: []string{"web=1/1"}},
		"weights":              {fragments: []model.Fragment{split("s", 0, v1v2)}, http: []string{"* -> v1=3 v2=1"}, tcp: []string{"v1=3/1"}, reasons: map[string]string{"s": "PortNotFound"}},
		"the root as backend":  {fragments: []model.Fragment{split("s", 0, map[string]uint32{"web": 9, "v1": 1})}, http: []string{"* -> v1=1 web=9"}, tcp: []string{"v1=1/1", "web=9/1"}},
		"a missing backend":    {fragments: []model.Fragment{split("s", 0, map[string]uint32{"v1": 3, "gone": 1})}, http: []string{"* -> v1=3"}, tcp: []string{"v1=3/1"}, reasons: map[string]string{"s": "ServiceNotFound"}},
		"all weights zero":     {fragments: []model.Fragment{split("s", 0, map[string]uint32{"v1": 0})}, http: []string{"* -> v1=0"}},
		"the oldest holds":     {fragments: []model.Fragment{split("new", 1, v1v2), split("old", 2, map[string]uint32{"v1": 1})}, http: []string{"* -> v1=1"}, tcp: []string{"v1=1/1"}, reasons: map[string]string{"new": "Conflicted"}},
		"then the first named": {fragments: []model.Fragment{split("b", 1, v1v2), split("a", 1, map[string]uint32{"v1": 1})}, http: []string{"* -> v1=1"}, tcp: []string{"v1=1/1"}, reasons: map[string]string{"b": "Conflicted"}},
		"matches go first, what does not match goes to the root": {
			fragments: []model.Fragment{group("g", "a", "b"), split("s", 0, map[string]uint32{"v1": 1}, "g")},
			http:      []string{"/a -> v1=1", "/b -> v1=1", "* -> web=1"}, tcp: []string{"web=1/1"}, reasons: map[string]string{"s": "NotApplicable"},
		},
		"a missing group is never a catch-all": {
			fragments: []model.Fragment{split("s", 0, map[string]uint32{"v1": 1}, "g")},
			http:      []string{"* -> web=1"}, tcp: []string{"web=1/1"}, reasons: map[string]string{"s": "RouteNotFound"},
		},
		"matched splits oldest first, then the one without": {
			fragments: []model.Fragment{
				group("g", "a"), group("h", "b"), split("plain", 9, map[string]uint32{"web": 1}),
				split("new", 1, map[string]uint32{"v1": 1}, "g"), split("old", 2, map[string]uint32{"v1": 2}, "h"),
			},
			http: []string{"/b -> v1=2", "/a -> v1=1", "* -> web=1"}, tcp: []string{"web=1/1"},
			reasons: map[string]string{"new": "NotApplicable", "old": "NotApplicable"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewGraph()
			service(g, 1, "web", 80, 3306)
			service(g, 2, "v1", 80, 3306)
			service(g, 3, "v2", 80)
			for _, f := range tc.fragments {
				g.Put(f)
			}
			if got := routes(g); !reflect.DeepEqual(got, tc.http) {
				t.Errorf("HTTP routes of web\n got %q\nwant %q", got, tc.http)
			}
			if got := groupsOf(g); !reflect.DeepEqual(got, tc.tcp) {
				t.Errorf("TCP endpoints of web\n got %q\nwant %q", got, tc.tcp)
			}
			for _, f := range tc.fragments {
				var got string
				if ds := g.Diagnose(f.Ref()); len(ds) > 0 {
					got = ds[0].Reason
				}
				if want := tc.reasons[f.Ref().Name]; got != want {
					t.Errorf("first diagnostic of %s: got %q, want %q", f.Ref(), got, want)
				}
			}
		})
	}
}

// TestSight: a class is told of what it may call.
func TestSight(t *testing.T) {
	g := NewGraph()
	service(g, 1, "web", 80)
	service(g, 2, "v1", 80)
	service(g, 3, "v2", 80)
	v1 := target("t", rule(model.KindHTTPRouteGroup, "g"))
	v1.Destination = model.Identity(shopKey("v1"))
	g.Put(v1)
	s := g.Sight(front)
	if want := []model.Key{shopKey("v1")}; !reflect.DeepEqual(s.Services, want) {
		t.Errorf("front sees %v, want %v", s.Services, want)
	}
	g.Put(split("s", 0, map[string]uint32{"v1": 1, "v2": 1}))
	if want := []model.Key{shopKey("v1"), shopKey("v2"), shopKey("web")}; !reflect.DeepEqual(g.Sight(front).Services, want) {
		t.Errorf("with a split of web to v1 and v2, front sees %v, want %v", g.Sight(front).Services, want)
	}
	if got := g.Sight(other).Services; len(got) != 0 {
		t.Errorf("%s sees %v, want nothing", other, got)
	}
}

// TestNobodyBehind: a Service without endpoints is listed for everybody, so that
// it is answered with 503, and no longer once somebody is there.
func TestNobodyBehind(t *testing.T) {
	g := NewGraph()
	service(g, 1, "web", 80)
	slice := model.Ref{Kind: model.KindEndpointSlice, Key: shopKey("web-abc")}
	back := g.Fragment(slice)
	sees := func() []model.Key { return g.Sight(other).Services }
	if got := sees(); len(got) != 0 {
		t.Errorf("%s may call nobody, but sees %v", other, got)
	}
	g.Delete(slice)
	if got := sees(); !reflect.DeepEqual(got, []model.Key{shopKey("web")}) {
		t.Errorf("without endpoints web is seen by %v", got)
	}
	g.Put(back)
	if got := sees(); len(got) != 0 {
		t.Errorf("with its endpoints back, %s sees %v", other, got)
	}
}

// TestMeshConfigIsHeld, for the one who writes its status.
func TestMeshConfigIsHeld(t *testing.T) {
	g := NewGraph()
	m := &model.Mesh{Name: "weft", Access: model.AccessPermissive}
	if d := g.Put(m); !d.Everything {
		t.Error("a permissive mesh changes nothing")
	}
	if got := g.Fragment(m.Ref()); got == nil || !model.Equal(got, m) {
		t.Errorf("held %+v, want %+v", got, m)
	}
	if d := g.Delete(m.Ref()); !d.Everything || g.Fragment(m.Ref()) != nil {
		t.Error("its end is not noticed")
	}
}

// TestEndpointsOfManySlices: a Service is the union of its slices, each endpoint
// once.
//
// Trap 46: more endpoints than a slice holds, one that moves between slices and
// is in both for a moment, and one that serves but is about to end.
func TestEndpointsOfManySlices(t *testing.T) {
	g := NewGraph()
	service(g, 1, "web", 80)
	g.Delete(model.Ref{Kind: model.KindEndpointSlice, Key: shopKey("web-abc")})
	for s := range 15 {
		slice := &model.EndpointSlice{Key: shopKey(fmt.Sprint("web-", s)), Service: shopKey("web"), Ports: []model.TargetPort{{Name: "p80", Number: 8080}}}
		for i := range 101 { // the last one is the first of the next slice
			n := s*100 + i
			slice.Endpoints = append(slice.Endpoints, model.Address{Addr: netip.AddrFrom4([4]byte{198, 18, byte(n >> 8), byte(n)}), Serve: n != 700})
		}
		g.Put(slice)
	}
	es := g.ServiceEndpoints(shopKey("web"), false)
	if len(es) != 1 || len(es[0].Groups) != 1 || len(es[0].Groups[0].Endpoints) != 1500 {
		t.Fatalf("got %d endpoints, want 1500", len(es[0].Groups[0].Endpoints))
	}
	for _, e := range es[0].Groups[0].Endpoints {
		if e.Addr == netip.MustParseAddrPort("198.18.2.188:8080") {
			t.Error("an endpoint that does not serve is called")
		}
	}
	g.Delete(model.Ref{Kind: model.KindEndpointSlice, Key: shopKey("web-3")})
	if got := len(g.ServiceEndpoints(shopKey("web"), false)[0].Groups[0].Endpoints); got != 1401 {
		t.Errorf("without one of its slices it has %d endpoints, want 1401", got)
	}
}

// TestDirect: who is at an address decides how it is spoken to.
func TestDirect(t *testing.T) {
	g := NewGraph()
	service(g, 1, "web", 80)
	g.Put(&model.Pod{Key: shopKey("plain"), Addresses: []netip.Addr{netip.MustParseAddr("198.18.0.9")}})
	tests := map[string]int{"198.18.0.1:80": 1, "198.19.0.1:80": 1, "198.18.0.9:80": 0, "198.18.0.77:80": 0}
	for addr, want := range tests {
		c := g.Direct(netip.MustParseAddrPort(addr))
		if c.Closed || len(c.Identities) != want {
			t.Errorf("%s: got %v %v, want %d identities", addr, c.Identities, c.Closed, want)
		}
	}
	g.Put(&model.Mesh{Egress: model.EgressDeny})
	if c := g.Direct(netip.MustParseAddrPort("198.18.0.9:80")); !c.Closed {
		t.Error("egress is denied, but an address outside the mesh is open")
	}
	if c := g.Direct(netip.MustParseAddrPort("198.18.0.1:80")); c.Closed {
		t.Error("egress is denied, and a pod of the mesh closed")
	}
}
