package resolve

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

func speaking(g *Graph, name, address string, ports ...model.Port) *Dirty {
	return g.Put(&model.Service{Key: shopKey(name), Addresses: []netip.Addr{netip.MustParseAddr(address)}, Ports: ports})
}

func outside(g *Graph, name string) {
	g.Put(&model.EndpointSlice{Key: shopKey(name + "-1"), Service: shopKey(name), Endpoints: []model.Address{{Addr: netip.MustParseAddr("192.0.2.1"), Serve: true}}})
}

// TestAPortHasARule: what most speak at a port is the rule, and the others are
// named.
func TestAPortHasARule(t *testing.T) {
	g := NewGraph()
	http := model.Port{Number: 80, Protocol: model.ProtocolHTTP2}
	for i := range 3 {
		speaking(g, fmt.Sprint("web", i), fmt.Sprintf("198.19.0.%d", 1+i), http)
	}
	speaking(g, "db", "198.19.0.4", model.Port{Number: 80, Protocol: model.ProtocolTCP}, model.Port{Number: 5432, Protocol: model.ProtocolTCP})
	speaking(g, "old", "198.19.0.5", http)
	outside(g, "old")
	l := g.OutboundListener()
	at := netip.MustParseAddrPort
	want := model.OutboundListener{
		Egress: model.EgressAllow, Headers: model.DefaultHeaderLimits, Services: []netip.Prefix{netip.MustParsePrefix("198.19.0.0/29")},
		Ports:      []model.PortRule{{Port: 80, Protocol: model.ProtocolHTTP}, {Port: 5432, Protocol: model.ProtocolTCP}},
		Exceptions: []model.AddressRule{{Addr: at("198.19.0.4:80"), Protocol: model.ProtocolTCP}, {Addr: at("198.19.0.5:80"), Protocol: model.ProtocolOutside}},
	}
	if !reflect.DeepEqual(l, want) {
		t.Errorf("the listener has\n%+v, want\n%+v", l, want)
	}
	if d := speaking(g, "web4", "198.19.0.6", http); d.Listener {
		t.Error("a Service that obeys the rule of its port changes the listener")
	}
	if d := g.Put(split("s", 0, map[string]uint32{"web0": 1})); d.Listener {
		t.Error("a split on a Service of the mesh changes the listener")
	}
	if d := speaking(g, "db", "198.19.0.4", http); !d.Listener {
		t.Error("an exception went unsaid")
	}
}

func TestPrefixesHoldServicesAlone(t *testing.T) {
	for _, c := range []struct {
		addrs []string
		want  string
	}{
		{nil, "[]"},
		{[]string{"10.96.0.1"}, "[10.96.0.1/32]"},
		{[]string{"10.96.0.1", "10.96.0.10"}, "[10.96.0.0/28]"},
		{[]string{"10.96.0.1", "10.111.255.255"}, "[10.96.0.0/12]"},
		{[]string{"10.96.0.1", "172.20.0.1", "172.20.128.1"}, "[10.96.0.1/32 172.20.0.0/16]"},
		{[]string{"fd00:99::1", "10.96.0.1", "fd00:99::2:1"}, "[10.96.0.1/32 fd00:99::/110]"},
	} {
		s := newSpoken()
		for _, a := range c.addrs {
			s.putAddress(netip.MustParseAddr(a), true)
		}
		if got := fmt.Sprint(s.prefixes()); got != c.want {
			t.Errorf("%v are in %v, want %v", c.addrs, got, c.want)
		}
		for _, a := range c.addrs {
			s.putAddress(netip.MustParseAddr(a), false)
		}
		if got := s.prefixes(); len(got) != 0 {
			t.Errorf("%v is left of %v", got, c.addrs)
		}
	}
}

// TestANamespaceThatLeavesIsPassedBy: what takes plaintext from everybody is left
// by new connections, while its routes go on for those that are open.
func TestANamespaceThatLeavesIsPassedBy(t *testing.T) {
	at := netip.MustParseAddrPort("198.19.0.1:80")
	for name, c := range map[string]struct {
		namespace model.Namespace
		mesh      model.Mesh
		routed    bool
	}{
		"it stays":                   {model.Namespace{Access: model.AccessPermissive, MTLS: model.MTLSPermissive}, model.Mesh{}, true},
		"it leaves":                  {model.Namespace{Access: model.AccessPermissive, MTLS: model.MTLSPermissive, Leaving: true}, model.Mesh{}, false},
		"the mesh is permissive":     {model.Namespace{MTLS: model.MTLSPermissive, Leaving: true}, model.Mesh{Access: model.AccessPermissive}, false},
		"its pods take no plaintext": {model.Namespace{Access: model.AccessPermissive, Leaving: true}, model.Mesh{}, true},
		"its pods refuse strangers":  {model.Namespace{MTLS: model.MTLSPermissive, Leaving: true}, model.Mesh{}, true},
		"nothing may leave the mesh": {model.Namespace{Access: model.AccessPermissive, MTLS: model.MTLSPermissive, Leaving: true}, model.Mesh{Egress: model.EgressDeny}, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewGraph()
			speaking(g, "web", "198.19.0.1", model.Port{Number: 80, Protocol: model.ProtocolHTTP})
			c.namespace.Name = "shop"
			g.Put(&c.namespace)
			c.mesh.Name = "weft"
			if d := g.Put(&c.mesh); g.Routed(at) != c.routed {
				t.Errorf("routed: %v, want %v", g.Routed(at), c.routed)
			} else if len(g.ServiceViews(shopKey("web")).Outbound) != 1 {
				t.Errorf("its routes are gone: %+v", d)
			}
			if g.Put(&model.Namespace{Name: "shop"}); !g.Routed(at) {
				t.Error("without labels it is passed by")
			}
		})
	}
}
