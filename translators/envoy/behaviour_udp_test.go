//go:build linux

package envoy_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
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

// ofDNS gives a Service the account that those of UDP have.
func ofDNS(s service) service {
	s.identities = []model.Identity{account("dns")}
	return s
}

// echoesUDP answers each datagram with the pod's name and itself; large ones with
// themselves.
func (p *pod) echoesUDP(address string) {
	p.t.Helper()
	var c net.PacketConn
	if err := p.Within(func() (err error) { c, err = net.ListenPacket("udp", address); return err }); err != nil {
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
	if err := p.Within(func() (err error) { c, err = net.Dial("udp", address); return err }); err != nil {
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

// Trap 51: datagrams cross real sidecars by identity, and nobody else's do.
// Trap 52: TCP of the same number beside them.
func TestDatagramsCrossTheMesh(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client, stranger, outside := m.pod("server"), m.pod("client"), m.pod("stranger"), m.pod("outside")
	server.echoesUDP(":5353")
	server.echoesUDP(server.addr4.String() + ":6363")
	server.echoesUDP(":7000")
	server.greets(":7000")
	server.greets(":5353")
	outside.echoesUDP(":514")
	in := servesUDP(allow("front"), 5353, 6363, 7000)
	in.Ports = []model.InboundPort{{Port: 7000, Protocol: model.ProtocolTCP}}
	in.Other = allow("front")
	server.sidecar("dns", views{inbound: in})
	plain := udp("198.19.0.5", 514, model.Endpoint{Addr: netip.AddrPortFrom(outside.addr4, 514)})
	plain.identities = nil
	imposter := udp("198.19.0.6", 53, server.meshed(5353))
	imposter.identities = []model.Identity{account("bank")}
	calls := views{}.
		sends(udp("198.19.0.1", 53, server.meshed(5353))).
		sends(udp("198.19.0.2", 53, server.meshed(6363))).
		sends(udp("198.19.0.3", 80, server.meshed(7000))).
		sends(udp("fd00:99::1", 53, model.Endpoint{Addr: netip.AddrPortFrom(server.addr6, 5353), Meshed: true})).
		sends(plain).sends(imposter).
		calls(ofDNS(tcp("198.19.0.3", server.meshed(7000)))).calls(ofDNS(tcp("198.19.0.1", server.meshed(5353))))
	client.sidecar("front", calls)
	stranger.sidecar("thief", calls)

	t.Run("allowed", func(t *testing.T) {
		c := client.dialUDP(t, "198.19.0.1:53")
		for i := range 100 {
			expectEcho(t, c, "server", fmt.Sprint("number ", i))
		}
	})
	t.Run("to an application bound to the pod's address", func(t *testing.T) {
		expectEcho(t, client.dialUDP(t, "198.19.0.2:53"), "server", "hello")
	})
	t.Run("IPv6", func(t *testing.T) { expectEcho(t, client.dialUDP(t, "[fd00:99::1]:53"), "server", "hello") })
	t.Run("large", func(t *testing.T) {
		c := client.dialUDP(t, "198.19.0.1:53")
		text := string(bytes.Repeat([]byte("x"), 60000))
		if got, err := exchange(c, text); err != nil || got != text {
			t.Errorf("%d bytes came back, %v", len(got), err)
		}
	})
	t.Run("TCP and UDP of one number are two ports", func(t *testing.T) {
		expectEcho(t, client.dialUDP(t, "198.19.0.3:80"), "server", "hello")
		client.expectClosed(t, "198.19.0.3:5432") // TCP 7000 is open to nobody
		client.expectHeard(t, "198.19.0.1:5432", "hello from server\n")
	})
	t.Run("outside of the mesh", func(t *testing.T) {
		expectEcho(t, client.dialUDP(t, "198.19.0.5:514"), "outside", "hello")
		expectEcho(t, stranger.dialUDP(t, "198.19.0.5:514"), "outside", "hello")
	})
	t.Run("a Service without a listener refuses", func(t *testing.T) {
		if got, err := exchange(client.dialUDP(t, "198.19.0.9:53"), "hello"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("a server that is not who it should be hears nothing", func(t *testing.T) {
		client.expectUnheard(t, "198.19.0.6:53", client, "front is sent to the wrong server")
	})
	t.Run("denied", func(t *testing.T) { stranger.expectUnheard(t, "198.19.0.1:53", client, "thief") })
	t.Run("raw datagrams to the pod", func(t *testing.T) {
		outside.expectUnheard(t, netip.AddrPortFrom(server.addr4, 5353).String(), client, "raw")
		client.expectUnheard(t, netip.AddrPortFrom(server.addr4, 5353).String(), client, "raw, from the mesh")
	})
}

// expectUnheard sends what must not be answered, and then has another pod's
// datagrams answered for a while: were the first ones let through, their
// answers would be there.
func (p *pod) expectUnheard(t *testing.T, address string, allowed *pod, text string) {
	t.Helper()
	c := p.dialUDP(t, address)
	for range 20 {
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		expectEcho(t, allowed.dialUDP(t, "198.19.0.1:53"), "server", "hello")
	}
	c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	b := make([]byte, 100)
	if n, err := c.Read(b); err == nil {
		t.Errorf("%q was answered with %q", text, b[:n])
	}
}

// A split shares sessions by weight, a session stays where it is, also when the
// weights change, and new ones follow at once.
func TestSplitSharesUDPSessions(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	v1, v2, client := m.pod("v1"), m.pod("v2"), m.pod("client")
	for i, p := range []*pod{v1, v2} {
		number := uint16(5353 + i)
		p.echoesUDP(fmt.Sprintf(":%d", number))
		p.sidecar(fmt.Sprintf("dns-%s", p.name), views{inbound: servesUDP(allow("front"), number)})
	}
	state := func(w1, w2 uint32) views {
		v := views{}.sends(udp("198.19.0.1", 53))
		v.clusters[0].Split, v.clusters[0].Identities = true, []model.Identity{account("dns-v1"), account("dns-v2")}
		v.endpoints[0].Groups = nil
		for _, g := range []model.EndpointGroup{
			{Backend: model.Key{Namespace: "shop", Name: "v1"}, Weight: w1, Endpoints: []model.Endpoint{v1.meshed(5353)}},
			{Backend: model.Key{Namespace: "shop", Name: "v2"}, Weight: w2, Endpoints: []model.Endpoint{v2.meshed(5354)}},
		} {
			if g.Weight > 0 {
				v.endpoints[0].Groups = append(v.endpoints[0].Groups, g)
			}
		}
		return v
	}
	client.sidecar("front", state(80, 20))
	const n = 400
	sessions, count := make([]net.Conn, n), map[string]int{}
	first := map[int]string{}
	for i := range sessions {
		sessions[i] = client.dialUDP(t, "198.19.0.1:53")
		got, err := exchange(sessions[i], "hello")
		if err != nil {
			t.Fatal(err)
		}
		first[i] = got
		count[got]++
	}
	// Five standard deviations of a binomial distribution of 400 times 0.2.
	if got := float64(count["v2 hello"]); math.Abs(got-80) > 40 {
		t.Errorf("the shares are %v, want 320 and 80", count)
	}
	client.publishAndWait(state(0, 1))
	for i, c := range sessions {
		if got, err := exchange(c, "hello"); err != nil || got != first[i] {
			t.Fatalf("session %d was at %q, and is at %q, %v", i, first[i], got, err)
		}
	}
	client.eventually("new sessions go by the new weights", func() error {
		for range 20 {
			if got, err := exchange(client.dialUDP(t, "198.19.0.1:53"), "hello"); err != nil {
				return err
			} else if got != "v2 hello" {
				return fmt.Errorf("got %q", got)
			}
		}
		return nil
	})
	t.Logf("shares %v", count)
}

// A policy that is taken away ends new sessions at once and those that are open
// with the chain that held it; a caller that is still allowed notices nothing
// but a lost datagram, if that.
func TestRevokedUDPEnds(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, front, back := m.pod("server"), m.pod("front"), m.pod("back")
	server.echoesUDP(":5353")
	server.sidecar("dns", views{inbound: servesUDP(allow("back", "front"), 5353)})
	calls := views{}.sends(udp("198.19.0.1", 53, server.meshed(5353)))
	front.sidecar("front", calls)
	back.sidecar("back", calls)
	open, stays := front.dialUDP(t, "198.19.0.1:53"), back.dialUDP(t, "198.19.0.1:53")
	expectEcho(t, open, "server", "hello")
	expectEcho(t, stays, "server", "hello")

	server.publishAndWait(views{inbound: servesUDP(allow("back"), 5353)})
	asked := front.dialUDP(t, "198.19.0.1:53")
	asked.Write([]byte("anew"))
	expectEcho(t, stays, "server", "hello")
	asked.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := asked.Read(make([]byte, 100)); err == nil {
		t.Errorf("a new session was answered with %d bytes", n)
	}
	start := time.Now()
	front.eventually("the open session ends", func() error {
		open.Write([]byte("still there?"))
		open.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if _, err := open.Read(make([]byte, 100)); err == nil {
			return errors.New("it is answered")
		}
		return nil
	})
	const peer = `{peer="front.deployments.shop.workload.weft.mesh",identity="spiffe://weft.test/ns/shop/sa/front",port="5353",protocol="udp",`
	server.countsSome(t, "envoy_weft_server_connections_total"+peer+`flags=`, "envoy_weft_server_denied_total"+peer+`missing="target"`)
	front.countsSome(t, `envoy_weft_client_connections_total{share="",split="",backend="outbound|shop/udp-198-19-0-1|53|udp",port="53",protocol="udp"}`)
	for _, p := range []*pod{server, front} {
		if _, families := p.page(t, "[::1]", ""); families["istio_tcp_connections_closed_total"] != nil {
			t.Errorf("%s: a session is a connection of TCP: %v", p.name, families["istio_tcp_connections_closed_total"])
		}
	}
	t.Logf("the open session ended after %s", time.Since(start).Round(time.Millisecond))
	for i := range 20 {
		expectEcho(t, stays, "server", fmt.Sprint("number ", i))
	}
	server.publishAndWait(views{inbound: servesUDP(allow("back", "front"), 5353)})
	expectEcho(t, open, "server", "let in again")
}
