//go:build linux

package envoy_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// detects adds what a caller needs of a Service whose protocol is detected.
func (v views) detects(s service) views {
	requests, connections := s, s
	requests.protocol, connections.protocol = model.ProtocolHTTP, model.ProtocolTCP
	before := len(v.listener.Exceptions)
	v = v.calls(requests).calls(connections)
	v.listener.Exceptions = v.listener.Exceptions[:before+1]
	v.listener.Exceptions[before].Protocol = model.ProtocolDetect
	return v
}

func detected(policy model.Policy, tcp model.Policy, ports ...uint16) []model.InboundPort {
	var all []model.InboundPort
	for _, p := range ports {
		all = append(all, model.InboundPort{Port: p, Protocol: model.ProtocolHTTP, Policy: policy, TCP: &tcp, Detect: true})
	}
	return all
}

// TestFirstBytesDecide: what begins as requests do is judged as requests, and
// the rest as connections, whoever speaks first.
//
// Trap 50: the server speaks first.
func TestFirstBytesDecide(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client, stranger := m.pod("server"), m.pod("client"), m.pod("stranger")
	server.echoes(":8080")
	server.greets(":3306")
	read := model.Caller{Identity: account("front"), Routes: []model.AllowedRoute{{Match: model.HTTPMatch{PathRegex: "/books"}}}}
	server.sidecar("web", views{inbound: model.Inbound{MTLS: model.MTLSStrict, Ports: append(
		detected(model.Policy{Callers: []model.Caller{read}}, allow("front"), 8080, 3306),
		detected(model.Policy{}, model.Policy{}, 9999)...,
	)}})
	at := func(address string, number uint16) service { return web(address, server.meshed(number)) }
	client.sidecar("front", views{}.detects(at("198.19.0.1", 8080)).detects(at("198.19.0.2", 3306)).detects(at("198.19.0.3", 9999)))

	if got := ask(t, client.client, "GET", "http://198.19.0.1/books"); got.status != 200 || got.echo.Proto != "HTTP/1.1" || !strings.Contains(got.echo.Header.Get("x-forwarded-client-cert"), "sa/front") {
		t.Errorf("HTTP/1.1: got %+v", got)
	}
	if got := ask(t, client.client, "GET", "http://198.19.0.1/"); got.status != 403 {
		t.Errorf("what no route allows: got %+v", got)
	}
	if got := ask(t, client.newClient2(), "GET", "http://198.19.0.1/books"); got.status != 200 || got.echo.Proto != "HTTP/2.0" {
		t.Errorf("HTTP/2 with prior knowledge: got %+v", got)
	}
	client.expectHeard(t, "198.19.0.2:80", "hello from server\n")
	for _, say := range []string{"PING\r\n", "x", "\x16\x03\x01", "GET"} {
		if line, err := client.hear(t, "198.19.0.2:80", say); line != "hello from server\n" {
			t.Errorf("saying %q: heard %q, %v", say, line, err)
		}
	}
	client.expectClosed(t, "198.19.0.3:80")
	if got := stranger.raw(t, server.addr4.String()+":8080", "GET /books HTTP/1.1\r\nhost: a\r\n\r\n"); got.status != 403 {
		t.Errorf("plaintext: got %+v", got)
	}
	if line, err := client.end(t, "198.19.0.1:80", "GET /books HTTP/1.0\r\nhost: a\r\n\r\n"); err != nil || !strings.HasPrefix(line, "HTTP/1.0 200") && !strings.HasPrefix(line, "HTTP/1.1 200") {
		t.Errorf("an answer that ends with its connection: %q, %v", line, err)
	}
}

// end says something and reads until the end.
func (p *pod) end(t *testing.T, address, say string) (string, error) {
	t.Helper()
	c, err := p.dial(context.Background(), address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(guard))
	io.WriteString(c, say)
	all, err := io.ReadAll(c)
	return string(all), err
}

// TestPlaintextIsLookedAtWhereItMayCome: at the ports whose protocol is
// detected, of a permissive server; at others the port decides.
func TestPlaintextIsLookedAtWhereItMayCome(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, stranger := m.pod("server"), m.pod("stranger")
	server.echoes(":8080")
	server.echoes(":8081")
	server.greets(":3306")
	server.greets(":3307")
	all := model.Policy{AllowAll: true}
	in := model.Inbound{MTLS: model.MTLSPermissive, Ports: append(
		detected(all, all, 8080, 3306), detected(allow("front"), allow("front"), 3307)...,
	)}
	in.Ports = append(in.Ports, model.InboundPort{Port: 8081, Protocol: model.ProtocolHTTP, Policy: all})
	server.sidecar("web", views{inbound: in})
	at := func(number int) string { return fmt.Sprintf("%s:%d", server.addr4, number) }
	for _, number := range []int{8080, 8081} {
		for name, client := range map[string]*http.Client{"HTTP/1.1": stranger.client, "HTTP/2.0": stranger.newClient2()} {
			if got := ask(t, client, "GET", "http://"+at(number)+"/", "x-forwarded-client-cert", "URI=spiffe://weft.test/ns/shop/sa/front"); got.status != 200 || got.echo.Proto != name || got.echo.Header.Get("x-forwarded-client-cert") != "" {
				t.Errorf("%d, %s: got %+v", number, name, got)
			}
		}
	}
	stranger.expectHeard(t, at(3306), "hello from server\n")
	if line, err := stranger.hear(t, at(3306), "PING\r\n"); line != "hello from server\n" {
		t.Errorf("heard %q, %v", line, err)
	}
	stranger.expectClosed(t, at(3307))
}
