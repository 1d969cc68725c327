package resolve

import (
	"net/netip"
	"reflect"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// syslog is a Service of UDP 514 with one pod at 5514.
func syslog(g *Graph, n byte, name string, meshed bool) {
	pod := &model.Pod{Key: shopKey(name + "-0"), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{198, 18, 0, n})}, Identity: model.Identity(shopKey(name)), Meshed: meshed}
	g.Put(pod)
	g.Put(&model.Service{
		Key: shopKey(name), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{198, 19, 0, n}), netip.MustParseAddr("fd00:99::1")},
		Ports: []model.Port{{Name: "log", Number: 514, Protocol: model.ProtocolUDP}},
	})
	g.Put(&model.EndpointSlice{
		Key: shopKey(name + "-abc"), Service: shopKey(name), Ports: []model.TargetPort{{Name: "log", Number: 5514, UDP: true}},
		Endpoints: []model.Address{{Addr: pod.Addresses[0], Serve: true, Pod: pod.Key}},
	})
}

func udpEndpoints(g *Graph, service string) (addresses []string) {
	for _, e := range g.ServiceEndpoints(shopKey(service), true) {
		for _, gr := range e.Groups {
			for _, a := range gr.Endpoints {
				addresses = append(addresses, a.Addr.String())
			}
		}
	}
	return addresses
}

// Pods of the mesh are reached themselves; what is outside of it as Kubernetes
// leads it, and not at all beside pods of the mesh.
func TestWhereUDPGoes(t *testing.T) {
	g := NewGraph()
	syslog(g, 1, "in", true)
	syslog(g, 2, "out", false)
	for service, want := range map[string][]string{"in": {"198.18.0.1:5514"}, "out": {"198.19.0.2:514"}} {
		if got := udpEndpoints(g, service); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", service, got, want)
		}
	}
	g.Put(&model.Split{Key: shopKey("s"), Root: shopKey("out"), Backends: []model.Backend{{Service: shopKey("in"), Weight: 1}, {Service: shopKey("out"), Weight: 1}}})
	if got, want := udpEndpoints(g, "out"), []string{"198.18.0.1:5514"}; !reflect.DeepEqual(got, want) {
		t.Errorf("split into the mesh: %v, want %v", got, want)
	}
	if v := g.UDPViews(shopKey("out")); len(v.UDP) != 1 || !v.UDP[0].Tunnel { // of its two addresses the IPv6 one is in's
		t.Errorf("listeners %+v", v.UDP)
	}
}

// A pod has the listeners of Services that a UDPRoute lets it send to, and of
// those that nobody of the mesh is behind while egress is allowed.
func TestUDPSight(t *testing.T) {
	g := NewGraph()
	syslog(g, 1, "in", true)
	syslog(g, 2, "out", false)
	front := model.Identity(shopKey("front"))
	expect := func(what string, want ...model.Key) {
		t.Helper()
		if got := g.Sight(front).UDP; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	expect("no target", shopKey("out"))
	allow := &model.Target{Key: shopKey("t"), Destination: model.Identity(shopKey("in")), Sources: []model.Identity{front}, Rules: []model.TargetRule{rule(model.KindTCPRoute, "r")}}
	g.Put(allow)
	expect("a TCPRoute", shopKey("out"))
	allow = &model.Target{Key: allow.Key, Destination: allow.Destination, Sources: allow.Sources, Rules: append(allow.Rules, rule(model.KindUDPRoute, "r"))}
	g.Put(allow)
	expect("a UDPRoute", shopKey("in"), shopKey("out"))
	g.Put(&model.Mesh{Egress: model.EgressDeny})
	expect("no egress", shopKey("in"))
	g.Put(&model.Pod{Key: shopKey("out-0"), Addresses: []netip.Addr{netip.MustParseAddr("198.18.0.2")}, Identity: model.Identity(shopKey("out")), Meshed: true})
	g.Put(&model.Namespace{Name: "shop", Access: model.AccessPermissive})
	expect("open to all", shopKey("in"), shopKey("out"))
}

// A pod that has its UDP pass by the sidecar is outside of the mesh for it.
func TestUDPThatPassesByTheSidecar(t *testing.T) {
	g := NewGraph()
	syslog(g, 1, "in", true)
	pod := *g.Pod(shopKey("in-0"))
	pod.OpenUDP = []uint16{5514}
	g.Put(&pod)
	if got, want := udpEndpoints(g, "in"), []string{"198.19.0.1:514"}; !reflect.DeepEqual(got, want) {
		t.Errorf("it is sent to %v, want %v", got, want)
	}
	if v := g.UDPViews(shopKey("in")); v.UDP[0].Tunnel || len(v.Clusters[0].Identities) > 0 {
		t.Errorf("a sidecar is expected: %+v", v)
	}
	if got := g.Sight(model.Identity(shopKey("front"))).UDP; !reflect.DeepEqual(got, []model.Key{shopKey("in")}) {
		t.Errorf("who has no TrafficTarget may send to %v", got)
	}
	other := pod
	other.Key, other.Addresses, other.OpenUDP = shopKey("in-1"), []netip.Addr{netip.MustParseAddr("198.18.0.9")}, nil
	g.Put(&other)
	g.Put(&model.EndpointSlice{
		Key: shopKey("in-def"), Service: shopKey("in"), Ports: []model.TargetPort{{Name: "log", Number: 5514, UDP: true}},
		Endpoints: []model.Address{{Addr: other.Addresses[0], Serve: true, Pod: other.Key}},
	})
	if got, want := udpEndpoints(g, "in"), []string{"198.18.0.9:5514"}; !reflect.DeepEqual(got, want) {
		t.Errorf("beside one that does not it is sent to %v, want %v", got, want)
	}
}
