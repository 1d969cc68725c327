//go:build linux

package envoy_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// TestPortsRuleAndAddressesExcept: what most Services speak at a port holds for
// all addresses of Services, but for those that are named; an address that is
// named for one port obeys the rules at its others.
func TestPortsRuleAndAddressesExcept(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.greets(":5432")
	server.sidecar("db", views{inbound: serves(model.ProtocolTCP, allow("front"), 5432)})
	v := views{}.calls(tcp("198.19.0.1", server.meshed(5432)))
	by := func(address string, number uint16) service {
		s := tcp(address, server.meshed(5432))
		s.name.Port = number
		return s
	}
	v = v.calls(by("198.19.0.2", 80)).calls(by("198.19.0.2", 5432))
	v.listener.Services = []netip.Prefix{netip.MustParsePrefix("198.19.0.0/16")}
	v.listener.Ports = []model.PortRule{{Port: 80, Protocol: model.ProtocolHTTP}, {Port: 5432, Protocol: model.ProtocolTCP}}
	v.listener.Exceptions = []model.AddressRule{{Addr: netip.MustParseAddrPort("198.19.0.2:80"), Protocol: model.ProtocolTCP}}
	client.sidecar("front", v)
	for _, address := range []string{"198.19.0.1:5432", "198.19.0.2:5432", "198.19.0.2:80"} {
		client.expectHeard(t, address, "hello from server\n")
	}
	// By the rule of port 80: requests, of which no route speaks.
	if line, err := client.hear(t, "198.19.0.1:80", "GET / HTTP/1.1\r\nhost: any\r\n\r\n"); line != "HTTP/1.1 403 Forbidden\r\n" {
		t.Errorf("a request without a route: heard %q, %v", line, err)
	}
	// At a port without a rule it goes out as it is, which the server refuses.
	outside := m.pod("outside")
	outside.greets(":6000")
	client.expectHeard(t, fmt.Sprintf("%s:6000", outside.addr4), "hello from outside\n")
}
