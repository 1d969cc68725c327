package resolve

import (
	"net/netip"
	"reflect"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// byHand is a Service without a selector, of HTTP, TCP and UDP, and the slice that
// somebody keeps for it: at an address, without a pod's name.
func byHand(service model.Key, at netip.Addr) (*model.Service, *model.EndpointSlice) {
	s := &model.Service{
		Key: service, Addresses: []netip.Addr{netip.MustParseAddr("198.19.0.77")},
		Ports: []model.Port{{Name: "http", Number: 80, Protocol: model.ProtocolHTTP}, {Name: "db", Number: 3306, Protocol: model.ProtocolTCP}, {Name: "log", Number: 514, Protocol: model.ProtocolUDP}},
	}
	return s, &model.EndpointSlice{
		Key: model.Key{Namespace: service.Namespace, Name: service.Name + "-1"}, Service: service,
		Ports:     []model.TargetPort{{Name: "http", Number: 8080}, {Name: "db", Number: 5306}, {Name: "log", Number: 5514, UDP: true}},
		Endpoints: []model.Address{{Addr: at, Serve: true}},
	}
}

// led is where a Service leads, and how.
type led struct {
	http, db, udp model.Endpoint
	identities    []model.Identity
	shape         Shape // of the pod that is asked for
}

func leads(t *testing.T, g *Graph, service, pod model.Key) led {
	t.Helper()
	at := func(port uint16, udp bool) model.Endpoint {
		for _, e := range g.ServiceEndpoints(service, udp) {
			if e.Cluster.Port == port && len(e.Groups[0].Endpoints) == 1 {
				return e.Groups[0].Endpoints[0]
			}
		}
		return model.Endpoint{}
	}
	_, shape, _ := g.ClassOf(pod)
	return led{at(80, false), at(3306, false), at(514, true), g.ServiceViews(service).Clusters[0].Identities, shape}
}

// An endpoint that names no pod is whoever has the address, from when the pod is
// known until it goes: a pod of the mesh is called as one, and its ports are what
// the Service calls them.
func TestEndpointsKeptByHand(t *testing.T) {
	at := netip.MustParseAddr("198.18.0.1")
	hand, first, second := shopKey("leader"), shopKey("db-0"), shopKey("db-1")
	service, slice := byHand(hand, at)
	pod := func(k model.Key, account string, meshed bool) *model.Pod {
		return &model.Pod{Key: k, Addresses: []netip.Addr{at}, Identity: model.Identity(shopKey(account)), Meshed: meshed}
	}
	ports := Shape{Ports: []ShapePort{{Number: 5306, Protocol: model.ProtocolTCP, Declared: true}, {Number: 8080, Protocol: model.ProtocolHTTP}}, UDP: []uint16{5514}}
	to := func(port uint16, meshed bool) model.Endpoint {
		return model.Endpoint{Addr: netip.AddrPortFrom(at, port), Meshed: meshed}
	}
	outside := led{http: to(8080, false), db: to(5306, false), udp: model.Endpoint{Addr: netip.MustParseAddrPort("198.19.0.77:514")}}
	inside := func(account string, s Shape) led {
		return led{http: to(8080, true), db: to(5306, true), udp: to(5514, true), identities: []model.Identity{model.Identity(shopKey(account))}, shape: s}
	}
	g := NewGraph()
	g.Put(service)
	g.Put(slice)
	steps := []struct {
		what string
		do   func()
		ask  model.Key
		want led
	}{
		{"before the pod is known", func() {}, first, outside},
		{"once it is", func() { g.Put(pod(first, "db", true)) }, first, inside("db", ports)},
		{"once it is gone", func() { g.Delete(model.Ref{Kind: model.KindPod, Key: first}) }, first, outside},
		{"where another has its address", func() { g.Put(pod(second, "db-new", true)) }, second, inside("db-new", ports)},
		{"where that is outside of the mesh", func() { g.Put(pod(second, "db-new", false)) }, second, outside},
		{"where one of the mesh has the address too", func() { g.Put(pod(first, "db", true)) }, first, inside("db", ports)},
		{"when the pod has moved away", func() {
			p := pod(first, "db", true)
			p.Addresses = []netip.Addr{netip.MustParseAddr("198.18.0.9")}
			g.Put(p)
		}, first, outside},
		{"when the slice follows it", func() {
			moved := *slice
			moved.Endpoints = []model.Address{{Addr: netip.MustParseAddr("198.18.0.9"), Serve: true}}
			at = netip.MustParseAddr("198.18.0.9")
			g.Put(&moved)
		}, first, led{
			http: model.Endpoint{Addr: netip.MustParseAddrPort("198.18.0.9:8080"), Meshed: true}, db: model.Endpoint{Addr: netip.MustParseAddrPort("198.18.0.9:5306"), Meshed: true},
			udp: model.Endpoint{Addr: netip.MustParseAddrPort("198.18.0.9:5514"), Meshed: true}, identities: []model.Identity{model.Identity(shopKey("db"))}, shape: ports,
		}},
	}
	for _, s := range steps {
		s.do()
		if got := leads(t, g, hand, s.ask); !reflect.DeepEqual(got, s.want) {
			t.Errorf("%s\n got %+v\nwant %+v", s.what, got, s.want)
		}
	}
}

// A split's backend may be such a Service: its connections are mutual TLS to who
// is there.
func TestEndpointsKeptByHandInASplit(t *testing.T) {
	g := NewGraph()
	service(g, 1, "web", 80, 3306)
	hand, slice := byHand(shopKey("v1"), netip.MustParseAddr("198.18.0.9"))
	account := model.Identity(shopKey("db"))
	g.Put(hand)
	g.Put(slice)
	g.Put(split("s", 0, map[string]uint32{"web": 1, "v1": 1}))
	g.Put(&model.Pod{Key: shopKey("db-0"), Addresses: []netip.Addr{netip.MustParseAddr("198.18.0.9")}, Identity: account, Meshed: true})
	v := g.ServiceViews(shopKey("web"))
	for i, c := range v.Clusters {
		if c.Name.Port != 3306 {
			continue
		}
		if want := []model.Identity{account, web}; !reflect.DeepEqual(c.Identities, want) {
			t.Errorf("%v may answer, want %v", c.Identities, want)
		}
		if got := v.Endpoints[i].Groups[0]; got.Backend != hand.Key || !got.Endpoints[0].Meshed {
			t.Errorf("the split leads to %+v", got)
		}
	}
}

// Who may write Services in one namespace says nothing of pods of another: neither
// what is spoken at their ports, nor what a TrafficTarget there is told. Calls
// that his Service leads to such a pod come as those to its address do.
func TestAForeignServiceSaysNothingOfAPod(t *testing.T) {
	g := NewGraph()
	service(g, 1, "web", 80, 3306)
	g.Put(group("g", "a"))
	g.Put(target("t", rule(model.KindHTTPRouteGroup, "g")))
	pod := shopKey("web-0")
	class, shape, _ := g.ClassOf(pod)
	for name, ref := range map[string]model.Key{"by name": pod, "by address": {}} {
		foreign, slice := byHand(model.Key{Namespace: "bank", Name: "trap"}, netip.MustParseAddr("198.18.0.1"))
		slice.Endpoints[0].Pod = ref
		foreign.Ports = []model.Port{{Name: "http", Number: 80, Protocol: model.ProtocolHTTP2}, {Name: "db", Number: 3306, Protocol: model.ProtocolHTTP}, {Name: "log", Number: 514, Protocol: model.ProtocolUDP}}
		slice.Ports = []model.TargetPort{{Name: "http", Number: 10_080}, {Name: "db", Number: 13_306}, {Name: "log", Number: 5514, UDP: true}}
		g.Put(foreign)
		g.Put(slice)
		if now, s, _ := g.ClassOf(pod); now != class {
			t.Errorf("%s: the pod's ports were %v, and are %v", name, shape, s)
		}
		got := leads(t, g, foreign.Key, pod)
		if want := (model.Endpoint{Addr: netip.MustParseAddrPort("198.18.0.1:10080"), Meshed: true}); got.http != want || !reflect.DeepEqual(got.identities, []model.Identity{web}) {
			t.Errorf("%s: it leads to %v, where %v may answer", name, got.http, got.identities)
		}
	}
	g.Delete(model.Ref{Kind: model.KindService, Key: shopKey("web")})
	g.Put(&model.Service{Key: shopKey("web"), Ports: []model.Port{{Name: "p80", Number: 80, Protocol: model.ProtocolTCP}}})
	if ds := g.Diagnose(model.Ref{Kind: model.KindTrafficTarget, Key: shopKey("t")}); len(ds) != 1 {
		t.Errorf("no port is HTTP but at a foreign Service, and the TrafficTarget is told %v", ds)
	}
}

// A port of a Service is found in a slice by its name, and while only one of the
// two objects has another name for it, by its number.
func TestPodPort(t *testing.T) {
	slice := &model.EndpointSlice{Ports: []model.TargetPort{{Name: "http", Number: 8080}, {Name: "http-admin", Number: 9090}, {Name: "dns", Number: 5353, UDP: true}, {Name: "dns", Number: 5354}}}
	pod := &model.Pod{Ports: []model.TargetPort{{Name: "metrics", Number: 9100}, {Name: "web", Number: 8080}, {Name: "web", Number: 8081, UDP: true}}}
	tests := map[string]struct {
		port model.Port
		want uint16 // 0: none
	}{
		"by name":                               {model.Port{Name: "http"}, 8080},
		"the name holds against the number":     {model.Port{Name: "http", Target: 9090}, 8080},
		"renamed":                               {model.Port{Name: "http-new", Target: 8080}, 8080},
		"renamed, and leads elsewhere":          {model.Port{Name: "http-new", Target: 7070}, 0},
		"renamed, where the number is not said": {model.Port{Name: "http-new"}, 0},
		"UDP":                                   {model.Port{Name: "dns", Protocol: model.ProtocolUDP}, 5353},
		"TCP of one name":                       {model.Port{Name: "dns", Protocol: model.ProtocolTCP}, 5354},
		"UDP is no TCP port's number":           {model.Port{Name: "new", Protocol: model.ProtocolUDP, Target: 8080}, 0},
		"UDP renamed":                           {model.Port{Name: "new", Protocol: model.ProtocolUDP, Target: 5353}, 5353},
		"renamed, and the pod says the number":  {model.Port{Name: "http-new", TargetName: "web"}, 8080},
		"renamed, of a name that no port has":   {model.Port{Name: "http-new", TargetName: "none"}, 0},
		"renamed, and the pod's is elsewhere":   {model.Port{Name: "http-new", TargetName: "metrics"}, 0},
	}
	for name, tc := range tests {
		if got, ok := podPort(tc.port, slice, pod); ok != (tc.want != 0) || (ok && got != tc.want) {
			t.Errorf("%s: got %d %v, want %d", name, got, ok, tc.want)
		}
	}
}

// A first Service of IPv6 is nothing new in a cluster whose pods have such
// addresses: no listener opens another address then.
func TestIPv6IsKnownByPods(t *testing.T) {
	g := NewGraph()
	six := netip.MustParseAddr("fd00:98::1")
	p := &model.Pod{Key: shopKey("web-0"), Addresses: []netip.Addr{netip.MustParseAddr("198.18.0.1"), six}, Identity: web, Meshed: true}
	if d := g.Put(p); !d.Listener || !d.AllInbound || !g.OutboundListener().IPv6 {
		t.Error("a pod has an address of IPv6, and listeners have none")
	}
	s := &model.Service{Key: shopKey("web"), Addresses: []netip.Addr{netip.MustParseAddr("fd00:99::1")}}
	if d := g.Put(s); d.AllInbound {
		t.Error("a first Service of IPv6 changes every inbound listener")
	}
	again := *p
	again.Labels = map[string]string{"app": "web"}
	g.Put(&again)
	g.Delete(s.Ref())
	if d := g.Delete(p.Ref()); !d.AllInbound || g.OutboundListener().IPv6 {
		t.Error("nothing of IPv6 is left, and listeners have addresses of it")
	}
}
