//go:build linux

package envoy_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// addUDP adds what is built of UDP views.
func (v views) addUDP(t *testing.T, add func(xds.Type, *xds.Resource)) {
	t.Helper()
	for _, u := range v.udp {
		l, err := envoy.BuildUDPListener(u)
		if err != nil {
			t.Fatal(err)
		}
		add(xds.Listener, resource(t, l.GetName(), l))
	}
	for _, p := range v.inbound.UDP {
		route, err := envoy.BuildInboundUDPRoute(trustDomain, p)
		if err != nil {
			t.Fatal(err)
		}
		add(xds.Route, resource(t, route.GetName(), route))
	}
}

// sends adds what a caller needs of a UDP port.
func (v views) sends(s service) views {
	s.name.UDP, s.protocol = true, model.ProtocolUDP
	v.udp = append(v.udp, model.UDPListener{Name: s.name, Address: netip.MustParseAddr(s.address), Tunnel: len(s.identities) > 0})
	v.clusters = append(v.clusters, model.Cluster{Name: s.name, Protocol: s.protocol, Identities: s.identities})
	v.endpoints = append(v.endpoints, model.Endpoints{Cluster: s.name, Groups: []model.EndpointGroup{{Backend: s.name.Service, Weight: 1, Endpoints: s.endpoints}}})
	return v
}

// servesUDP is an inbound side with UDP ports of one policy.
func servesUDP(p model.Policy, numbers ...uint16) model.Inbound {
	var in model.Inbound
	for _, n := range numbers {
		in.UDP = append(in.UDP, model.InboundPort{Port: n, Protocol: model.ProtocolUDP, Policy: p})
	}
	return in
}

// udp is a Service of UDP in front of endpoints that run as shop/dns.
func udp(address string, number uint16, endpoints ...model.Endpoint) service {
	return service{port("shop", "udp-"+serial(address), number), model.ProtocolUDP, address, []model.Identity{account("dns")}, endpoints}
}

// echoesUDP answers each datagram with "name peer-address " and itself.
func (p *pod) echoesUDP(address string) {
	p.t.Helper()
	var c net.PacketConn
	if err := p.within(func() (err error) { c, err = net.ListenPacket("udp", address); return err }); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	go func() {
		b := make([]byte, 65536)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			answer := b[:n]
			if n < 1000 {
				answer = fmt.Appendf(nil, "%s %s", p.name, b[:n])
			}
			c.WriteTo(answer, from)
		}
	}()
}

func (p *pod) dialUDP(t *testing.T, address string) net.Conn {
	t.Helper()
	var c net.Conn
	if err := p.within(func() (err error) { c, err = net.Dial("udp", address); return err }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// exchange sends datagrams until one is answered, as clients of UDP do.
func exchange(c net.Conn, text string) (string, error) {
	b := make([]byte, 65536)
	var n int
	err := errors.New("not asked")
	for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); {
		if _, err = c.Write([]byte(text)); err != nil {
			return "", err
		}
		c.SetReadDeadline(time.Now().Add(time.Second))
		if n, err = c.Read(b); err == nil || errors.Is(err, syscall.ECONNREFUSED) {
			return string(b[:n]), err
		}
	}
	return "", err
}

func expectEcho(t *testing.T, c net.Conn, server, text string) {
	t.Helper()
	if got, err := exchange(c, text); err != nil || got != server+" "+text {
		t.Fatalf("got %q, %v; want %q", got, err, server+" "+text)
	}
}

func TestDatagramsCrossTheMesh(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.echoesUDP(":5353")
	server.echoesUDP(server.addr4.String() + ":6363")
	server.sidecar("dns", views{inbound: servesUDP(allow("front"), 5353, 6363)})
	client.sidecar("front", views{}.
		sends(udp("198.19.0.1", 53, server.meshed(5353))).
		sends(udp("198.19.0.2", 53, server.meshed(6363))).
		sends(udp("fd00:99::1", 53, model.Endpoint{Addr: netip.AddrPortFrom(server.addr6, 5353), Meshed: true})))

	t.Run("allowed", func(t *testing.T) {
		c := client.dialUDP(t, "198.19.0.1:53")
		for i := range 100 {
			expectEcho(t, c, "server", fmt.Sprint("number ", i))
		}
	})
	t.Run("to an application bound to the pod's address", func(t *testing.T) {
		expectEcho(t, client.dialUDP(t, "198.19.0.2:53"), "server", "hello")
	})
	t.Run("IPv6", func(t *testing.T) {
		expectEcho(t, client.dialUDP(t, "[fd00:99::1]:53"), "server", "hello")
	})
	t.Run("large", func(t *testing.T) {
		c := client.dialUDP(t, "198.19.0.1:53")
		text := string(bytes.Repeat([]byte("x"), 60000))
		if got, err := exchange(c, text); err != nil || got != text {
			t.Errorf("%d bytes came back, %v", len(got), err)
		}
	})
}
