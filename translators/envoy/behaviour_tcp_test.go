//go:build linux

package envoy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// greets serves a protocol in which the server speaks first, and then echoes.
func (p *pod) greets(address string) net.Listener {
	p.t.Helper()
	return p.serveEach(address, func(c net.Conn) {
		fmt.Fprintf(c, "hello from %s\n", p.name)
		io.Copy(c, c)
	})
}

// hear dials, says something if it is not empty, and gives the first line.
func (p *pod) hear(t *testing.T, address, say string) (string, error) {
	t.Helper()
	c, err := p.dial(context.Background(), address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(guard))
	if say != "" {
		io.WriteString(c, say)
	}
	return bufio.NewReader(c).ReadString('\n')
}

// expectClosed expects that a caller hears nothing, whether it speaks or not.
func (p *pod) expectClosed(t *testing.T, address string) {
	t.Helper()
	var wait sync.WaitGroup
	for _, say := range []string{"", "ping\n"} {
		wait.Go(func() {
			line, err := p.hear(t, address, say)
			if line != "" || err == nil || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s, saying %q: heard %q, %v", address, say, line, err)
			}
		})
	}
	wait.Wait()
}

func (p *pod) expectHeard(t *testing.T, address, want string) {
	t.Helper()
	if line, err := p.hear(t, address, ""); line != want {
		t.Errorf("%s: heard %q, %v; want %q", address, line, err, want)
	}
}

// tcp is a Service of TCP in front of endpoints that run as shop/db.
func tcp(address string, endpoints ...model.Endpoint) service {
	return service{port("shop", "db-"+serial(address), 5432), model.ProtocolTCP, address, []model.Identity{account("db")}, endpoints}
}

// Trap 23: a port that nobody may connect to is closed.
// Trap 31: a server that is not one of the accounts of its Service is not spoken to.
// Trap 50: the server speaks first, and nobody waits for the client.
func TestConnectionCrossesTheMesh(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client, stranger := m.pod("server"), m.pod("client"), m.pod("stranger")
	for _, number := range []int{5432, 5433, 5434, 6000} {
		server.greets(fmt.Sprintf(":%d", number))
	}
	resets := server.listen(":5435")
	go func() {
		for {
			c, err := resets.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 1))
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}()
	in := serves(model.ProtocolTCP, allow("others", "front"), 5432, 5435)
	in.Ports = append(in.Ports, model.InboundPort{Port: 5433, Protocol: model.ProtocolTCP},
		model.InboundPort{Port: 5434, Protocol: model.ProtocolTCP, Policy: allow("others")})
	server.sidecar("db", views{inbound: in})
	at := func(number uint16) model.Endpoint { return server.meshed(number) }
	client.sidecar("front", views{}.
		calls(tcp("198.19.0.1", at(5432))).calls(tcp("198.19.0.2", at(5433))).calls(tcp("198.19.0.3", at(5434))).
		calls(tcp("198.19.0.4", at(5435))).calls(tcp("198.19.0.5", at(6000))).calls(tcp("198.19.0.6")).
		calls(tcp("fd00:99::1", model.Endpoint{Addr: netip.AddrPortFrom(server.addr6, 5432), Meshed: true})).
		// A server that is not who it should be.
		calls(service{port("shop", "imposter", 5432), model.ProtocolTCP, "198.19.0.7", []model.Identity{account("bank")}, []model.Endpoint{at(5432)}}))

	t.Run("allowed", func(t *testing.T) {
		client.expectHeard(t, "198.19.0.1:5432", "hello from server\n")
		client.expectHeard(t, "[fd00:99::1]:5432", "hello from server\n")
	})
	t.Run("nobody is allowed", func(t *testing.T) { client.expectClosed(t, "198.19.0.2:5432") })
	t.Run("others are allowed", func(t *testing.T) { client.expectClosed(t, "198.19.0.3:5432") })
	t.Run("port without a policy", func(t *testing.T) { client.expectClosed(t, "198.19.0.5:5432") })
	t.Run("no endpoints", func(t *testing.T) { client.expectClosed(t, "198.19.0.6:5432") })
	t.Run("server is somebody else", func(t *testing.T) { client.expectClosed(t, "198.19.0.7:5432") })
	t.Run("reset by the application stays a reset", func(t *testing.T) {
		if _, err := client.hear(t, "198.19.0.4:5432", "x"); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("plaintext", func(t *testing.T) {
		if line, err := stranger.hear(t, server.addr4.String()+":5432", "ping\n"); line != "" || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("heard %q, %v", line, err)
		}
	})
	t.Run("foreign TLS", func(t *testing.T) {
		c, err := stranger.dial(context.Background(), server.addr4.String()+":5432")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(guard))
		// The handshake of TLS 1.3 ends before the server has seen that there is
		// no certificate.
		conn := tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"weft"}})
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a caller without a certificate was let in: %v", err)
		}
	})
	t.Run("policy that comes later", func(t *testing.T) {
		in.Ports[2].Policy = allow("front")
		server.publishAndWait(views{inbound: in})
		client.expectHeard(t, "198.19.0.2:5432", "hello from server\n")
	})
}

// Trap 43: a pod's own address, of either family, is mutual TLS and policy.
// Trap 48: over IPv6 too.
func TestPodAddressesKeepIdentityAndPolicy(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client, outside := m.pod("server"), m.pod("client"), m.pod("outside")
	server.greets(":5432")
	server.greets(":7000")
	server.echoes(":8080")
	outside.greets(":5432")
	in := serves(model.ProtocolTCP, allow("front"), 5432)
	in.Ports = append(in.Ports, model.InboundPort{Port: 8080, Protocol: model.ProtocolHTTP, Policy: allow("front")}, model.InboundPort{Port: 7000, Protocol: model.ProtocolTCP})
	server.sidecar("db", views{inbound: in})
	v := views{}
	v.listener.Pods = []netip.Prefix{netip.PrefixFrom(host4.Addr(), 24).Masked(), netip.PrefixFrom(host6.Addr(), 64).Masked()}
	for _, a := range []netip.Addr{server.addr4, server.addr6} {
		for _, number := range []uint16{5432, 7000, 8080} {
			m.direct(model.DirectCluster{Addr: netip.AddrPortFrom(a, number), Identities: []model.Identity{account("db")}, TrustDomain: trustDomain})
		}
	}
	m.direct(model.DirectCluster{Addr: netip.AddrPortFrom(outside.addr4, 5432)})
	client.sidecar("front", v)
	for _, a := range []string{server.addr4.String(), "[" + server.addr6.String() + "]"} {
		client.expectHeard(t, a+":5432", "hello from server\n")
		client.expectClosed(t, a+":7000")
		// The caller's sidecar does not read these requests: the server's own has
		// to see through what they claim.
		got := ask(t, client.client, "GET", "http://"+a+":8080/x", "x-forwarded-client-cert", "URI=spiffe://weft.test/ns/shop/sa/king", "x-weft-path", "/y")
		if cert := got.echo.Header.Values("x-forwarded-client-cert"); got.status != 200 || len(cert) != 1 || strings.Contains(cert[0], "king") ||
			!strings.HasSuffix(cert[0], "URI=spiffe://weft.test/ns/shop/sa/front") || got.echo.Header.Get("x-forwarded-proto") != "http" || got.echo.Header.Get("x-weft-path") != "" {
			t.Errorf("HTTP to %s: got %+v", a, got)
		}
		if got := ask(t, client.client, "GET", fmt.Sprintf("http://%s:%d/stats/prometheus", server.addr4, envoy.MetricsPort)); got.status != 200 || !strings.Contains(got.body, "envoy_") {
			t.Errorf("metrics of another sidecar: got %d", got.status)
		}
	}
	client.expectHeard(t, outside.addr4.String()+":5432", "hello from outside\n")
	t.Run("address that the control plane does not know", func(t *testing.T) {
		if line, err := client.hear(t, "198.18.80.99:5432", ""); err == nil {
			t.Errorf("heard %q", line)
		}
	})
	t.Run("address that joins the mesh later", func(t *testing.T) {
		late := m.pod("late")
		late.greets(":5432")
		addr := netip.AddrPortFrom(late.addr4, 5432)
		m.direct(model.DirectCluster{Addr: addr})
		client.expectHeard(t, addr.String(), "hello from late\n")
		late.sidecar("db", views{inbound: serves(model.ProtocolTCP, allow("front"), 5432)})
		m.direct(model.DirectCluster{Addr: addr, Identities: []model.Identity{account("db")}, TrustDomain: trustDomain})
		client.eventually("mutual TLS", func() error {
			_, err := client.hear(t, addr.String(), "x\n")
			return err
		})
	})
}

func TestSidecarIsNoOpenDoor(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	for _, mtls := range []model.MTLS{model.MTLSStrict, model.MTLSPermissive} {
		t.Run(string(mtls), func(t *testing.T) {
			server, stranger := m.pod("server-"+string(mtls)), m.pod("stranger-"+string(mtls))
			server.greets(":5432")
			in := serves(model.ProtocolTCP, model.Policy{AllowAll: true}, 5432)
			in.MTLS, in.Other = mtls, model.Policy{AllowAll: true}
			server.sidecar("db", views{inbound: in})
			var wait sync.WaitGroup
			for _, number := range []int{envoy.OutboundPort, envoy.InboundPort, envoy.AdminPort} {
				wait.Go(func() { stranger.expectClosed(t, fmt.Sprintf("%s:%d", server.addr4, number)) })
			}
			for _, address := range []string{"127.0.0.1:15001", "[::1]:15001", "127.0.0.1:15006", server.addr4.String() + ":15006"} {
				wait.Go(func() { server.expectClosed(t, address) })
			}
			wait.Wait()
			for _, path := range []string{"/quitquitquit", "/config_dump", "/certs", "/stats"} {
				for _, number := range []int{envoy.ReadyPort, envoy.MetricsPort} {
					if got := ask(t, stranger.client, "POST", fmt.Sprintf("http://%s:%d%s", server.addr4, number, path)); got.status != 404 {
						t.Errorf("%d%s: got %d", number, path, got.status)
					}
				}
			}
			if mtls == model.MTLSPermissive {
				stranger.expectHeard(t, server.addr4.String()+":5432", "hello from server-permissive\n")
			}
		})
	}
}

// Trap 69: plaintext is let in where it may, and is nobody.
func TestPermissiveTakesPlaintextButGivesItNoIdentity(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client, stranger := m.pod("server"), m.pod("client"), m.pod("stranger")
	for _, number := range []int{5432, 5433, 6000} {
		server.greets(fmt.Sprintf(":%d", number))
	}
	server.echoes(":8080")
	server.echoes(":8081")
	go http.Serve(tls.NewListener(server.listen(":8443"), serverTLS(t, m.ca)), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "own TLS") }))
	all := model.Policy{AllowAll: true}
	in := model.Inbound{MTLS: model.MTLSPermissive, Ports: []model.InboundPort{
		{Port: 5432, Protocol: model.ProtocolTCP, Policy: all},
		{Port: 5433, Protocol: model.ProtocolTCP, Policy: allow("front")},
		{Port: 8080, Protocol: model.ProtocolHTTP, Policy: all},
		{Port: 8081, Protocol: model.ProtocolHTTP, Policy: allow("front")},
		{Port: 8443, Protocol: model.ProtocolHTTP, Policy: all},
	}, Other: all}
	server.sidecar("web", views{inbound: in})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))).calls(web("198.19.0.2", server.meshed(8081))))
	at := func(number int) string { return fmt.Sprintf("%s:%d", server.addr4, number) }

	stranger.expectHeard(t, at(5432), "hello from server\n")
	stranger.expectHeard(t, at(6000), "hello from server\n")
	stranger.expectClosed(t, at(5433))
	if got := ask(t, stranger.client, "GET", "http://"+at(8080)+"/", "x-forwarded-client-cert", "URI=spiffe://weft.test/ns/shop/sa/front"); got.status != 200 || got.echo.Header.Get("x-forwarded-client-cert") != "" {
		t.Errorf("plaintext: got %+v", got)
	}
	if got := ask(t, stranger.client, "GET", "http://"+at(8081)+"/", "x-forwarded-client-cert", "URI=spiffe://weft.test/ns/shop/sa/front"); got.status != 403 {
		t.Errorf("plaintext where an identity is needed: got %+v", got)
	}
	own := stranger.newClient()
	own.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	if got := ask(t, own, "GET", "https://"+at(8443)+"/"); got.body != "own TLS" {
		t.Errorf("the application's own TLS: got %+v", got)
	}
	for _, a := range []string{"198.19.0.1", "198.19.0.2"} {
		if got := ask(t, client.client, "GET", "http://"+a+"/"); got.status != 200 || !strings.Contains(got.echo.Header.Get("x-forwarded-client-cert"), "sa/front") {
			t.Errorf("from the mesh: got %+v", got)
		}
	}
}

// Plaintext goes to those endpoints of a Service alone that are said to be outside.
func TestEndpointsOutsideTheMeshAreSpokenToInPlaintext(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	client, outside := m.pod("client"), m.pod("outside")
	outside.greets(":5432")
	client.sidecar("front", views{}.
		calls(tcp("198.19.0.1", model.Endpoint{Addr: netip.AddrPortFrom(outside.addr4, 5432)})).
		calls(tcp("198.19.0.2", outside.meshed(5432))))
	client.expectHeard(t, "198.19.0.1:5432", "hello from outside\n")
	client.expectClosed(t, "198.19.0.2:5432")
}

func TestEgress(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	client, outside := m.pod("client"), m.pod("outside")
	outside.greets(":5432")
	client.sidecar("front", views{})
	client.expectHeard(t, outside.addr4.String()+":5432", "hello from outside\n")
	client.expectHeard(t, "["+outside.addr6.String()+"]:5432", "hello from outside\n")
	client.publishAndWait(views{listener: model.OutboundListener{Egress: model.EgressDeny}})
	client.expectClosed(t, outside.addr4.String()+":5432")
}

// Trap 2: a weight of 0 is none of the connections.
// Trap 19: a change of weights cuts no connection.
func TestSplitOfConnectionsFollowsWeights(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	client := m.pod("client")
	s := tcp("198.19.0.1")
	v := views{}.calls(s)
	v.clusters[0].Split = true
	groups := []model.EndpointGroup{}
	for i, weight := range []uint32{3, 1, 0} {
		p := m.pod(fmt.Sprintf("v%d", i+1))
		p.greets(":5432")
		p.sidecar("db", views{inbound: serves(model.ProtocolTCP, allow("front"), 5432)})
		groups = append(groups, model.EndpointGroup{Backend: model.Key{Namespace: "shop", Name: p.name}, Weight: weight, Endpoints: []model.Endpoint{p.meshed(5432)}})
	}
	v.endpoints[0].Groups, v.endpoints[0].Split = groups, model.Key{Namespace: "shop", Name: "split"}
	client.sidecar("front", v)
	const n = 600
	count := func() map[string]int {
		t.Helper()
		heard := map[string]int{}
		for range n {
			line, err := client.hear(t, "198.19.0.1:5432", "")
			if err != nil {
				t.Fatal(err)
			}
			heard[strings.TrimSpace(strings.TrimPrefix(line, "hello from "))]++
		}
		return heard
	}
	heard := count()
	if off := math.Abs(float64(heard["v1"]) - 0.75*n); off > 3.9*math.Sqrt(n*0.75*0.25) || heard["v3"] != 0 {
		t.Errorf("3:1:0 of %d connections gave %v", n, heard)
	}
	kept, err := client.dial(context.Background(), "198.19.0.1:5432")
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	r := bufio.NewReader(kept)
	r.ReadString('\n')
	groups[0].Weight, groups[2].Weight = 0, 5
	v.endpoints[0].Groups = groups
	client.publishAndWait(v)
	heard = count()
	if off := math.Abs(float64(heard["v3"]) - 5.0/6*n); off > 3.9*math.Sqrt(n*5.0/36) || heard["v1"] != 0 {
		t.Errorf("0:1:5 of %d connections gave %v", n, heard)
	}
	client.counts(t, fmt.Sprintf(`envoy_weft_client_connections_total{port="5432",peer="v3.deployments.shop.workload.weft.mesh",identity="spiffe://weft.test/ns/shop/sa/db",`+
		`share="shop/v3",split="shop/split",backend=%q,flags="-"} %d`, envoy.ClusterName(s.name), heard["v3"]))
	kept.SetDeadline(time.Now().Add(guard))
	io.WriteString(kept, "still there\n")
	if line, err := r.ReadString('\n'); line != "still there\n" {
		t.Errorf("a change of weights cut a connection: %q, %v", line, err)
	}
}
