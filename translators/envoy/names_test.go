package envoy

import (
	"net/netip"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// Trap 42: a name is of one namespace, Service and port only.
func TestClusterNameIsReadBack(t *testing.T) {
	for _, c := range []struct {
		port model.ServicePort
		name string
	}{
		{model.ServicePort{Service: model.Key{Namespace: "shop", Name: "web"}, Port: 80}, "outbound|shop/web|80"},
		{model.ServicePort{Service: model.Key{Namespace: "a", Name: "b-1"}, Port: 65535}, "outbound|a/b-1|65535"},
		{model.ServicePort{Service: model.Key{Namespace: "shop", Name: "dns"}, Port: 53, UDP: true}, "outbound|shop/dns|53|udp"},
	} {
		if got := ClusterName(c.port); got != c.name {
			t.Errorf("got %q, want %q", got, c.name)
		}
		if got, ok := ParseClusterName(c.name); !ok || got != c.port {
			t.Errorf("%q is read back as %v, %v", c.name, got, ok)
		}
	}
	for _, name := range []string{"", "outbound", "outbound|shop/web", "outbound|shop/web|80x", "outbound|shop/web|080", "outbound|shop/web|65536", "outbound|web|80", "outbound|shop/web|80|x", "outbound|shop/web|udp", "outbound|shop/web|80|udp|udp", PassthroughCluster, InboundTCPCluster, "direct|1.2.3.4:5"} {
		if p, ok := ParseClusterName(name); ok {
			t.Errorf("%q is read as %v", name, p)
		}
	}
}

func TestDirectNameIsReadBack(t *testing.T) {
	for _, name := range []string{"direct|198.18.0.1:80", "direct|[fd00::1]:443"} {
		a, ok := ParseDirectName(name)
		if !ok || DirectName(a) != name {
			t.Errorf("%q is read as %v, %v", name, a, ok)
		}
	}
	// Only what Envoy prints is a name: two names for one address would be two
	// clusters.
	for _, name := range []string{"", "direct|", "direct|198.18.0.1", "198.18.0.1:80", "direct|[FD00::1]:443", "direct|[fd00:0::1]:443", "direct|web:80", "direct|198.18.0.1:080"} {
		if a, ok := ParseDirectName(name); ok {
			t.Errorf("%q is read as %v", name, a)
		}
	}
}

func TestScopeNameIsAnAddressAsEnvoyPrintsIt(t *testing.T) {
	for address, want := range map[string]string{"198.19.0.1:80": "198.19.0.1:80", "[fd00:0:0::1]:8080": "[fd00::1]:8080"} {
		if got := ScopeName(netip.MustParseAddrPort(address)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
