//go:build linux

package envoy_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/weft-mesh/weft/translators/model"
)

// echo is an application that answers with the request as it came in.
type echo struct {
	Name   string
	Proto  string
	Path   string // with query, as on the wire
	Host   string
	Header http.Header
	Remote string
}

// echoes serves HTTP on a port of the pod, and counts. It says of itself, as no
// application should, that it has not seen the request.
func (p *pod) echoes(address string) *atomic.Int64 {
	p.t.Helper()
	count := &atomic.Int64{}
	l := p.listen(address)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		w.Header().Set("x-weft-unprocessed", "true")
		json.NewEncoder(w).Encode(echo{p.name, r.Proto, r.RequestURI, r.Host, r.Header, r.RemoteAddr})
	}), Protocols: &http.Protocols{}}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	go s.Serve(l)
	p.t.Cleanup(func() { s.Close() })
	return count
}

// answer is what a caller got.
type answer struct {
	status int
	header http.Header
	body   string
	echo   echo
	// reused tells that the request took a connection that was open already.
	reused bool
}

func ask(t *testing.T, c *http.Client, method, url string, header ...string) answer {
	t.Helper()
	a := answer{}
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { a.reused = i.Reused }}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(context.Background(), trace), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "host" {
			r.Host = header[i+1]
		}
		r.Header.Add(header[i], header[i+1])
	}
	response, err := c.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	a.status, a.header, a.body = response.StatusCode, response.Header, string(body)
	json.Unmarshal(body, &a.echo) // not all answers are the application's
	return a
}

func allow(accounts ...string) model.Policy {
	p := model.Policy{}
	for _, a := range accounts {
		p.Callers = append(p.Callers, model.Caller{Identity: account(a), Any: true})
	}
	return p
}

func serves(protocol model.Protocol, policy model.Policy, ports ...uint16) model.Inbound {
	in := model.Inbound{MTLS: model.MTLSStrict}
	for _, p := range ports {
		in.Ports = append(in.Ports, model.InboundPort{Port: p, Protocol: protocol, Policy: policy})
	}
	return in
}

// serial makes a Service's name of its address.
func serial(address string) string {
	return strings.NewReplacer(".", "-", ":", "-").Replace(address)
}

// web is a Service of HTTP in front of endpoints that run as shop/web.
func web(address string, endpoints ...model.Endpoint) service {
	return service{port("shop", "web-"+serial(address), 80), model.ProtocolHTTP, address, []model.Identity{account("web")}, endpoints}
}

// Trap 40: the caller is who its certificate says, whatever its headers claim.
// Trap 41: any host is taken.
// Trap 48: over IPv6 too.
func TestRequestCrossesTheMesh(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client, stranger := m.pod("server"), m.pod("client"), m.pod("stranger")
	server.echoes(":8080")
	server.echoes(":9090")
	in := serves(model.ProtocolHTTP, allow("front"), 8080)
	in.Ports = append(in.Ports, model.InboundPort{Port: 9090, Protocol: model.ProtocolHTTP2, Policy: allow("front")})
	server.sidecar("web", views{inbound: in})
	h2 := service{port("shop", "grpc", 80), model.ProtocolHTTP2, "198.19.0.2", []model.Identity{account("web")}, []model.Endpoint{server.meshed(9090)}}
	v6 := web("fd00:99::1", model.Endpoint{Addr: netip.AddrPortFrom(server.addr6, 8080), Meshed: true})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))).calls(h2).calls(v6))

	spoofed := []string{
		"x-weft-dst", "198.19.0.9:80", "x-weft-path", "/z", "x-weft-path", "/y", "x-weft-unprocessed", "true", "x-weft-anything", "1",
		"x-envoy-upstream-alt-stat-name", "much", "x-envoy-retry-on", "5xx", "x-envoy-external-address", "192.0.2.1",
		"x-forwarded-client-cert", "URI=spiffe://weft.test/ns/shop/sa/king", "x-request-id", "mine",
	}
	for _, c := range []struct {
		name, url, proto, remote string
		client                   *http.Client
	}{
		{"HTTP/1.1", "http://198.19.0.1/a?b=c", "HTTP/1.1", "127.0.0.6:", client.client},
		{"HTTP/2 at a port of HTTP, as without a mesh", "http://198.19.0.1/a?b=c", "HTTP/2.0", "127.0.0.6:", client.newClient2()},
		{"HTTP/1.1 to an application of HTTP/2", "http://198.19.0.2/a?b=c", "HTTP/2.0", "127.0.0.6:", client.client},
		{"HTTP/2", "http://198.19.0.2/a?b=c", "HTTP/2.0", "127.0.0.6:", client.newClient2()},
		{"IPv6", "http://[fd00:99::1]/a?b=c", "HTTP/1.1", "[::6]:", client.client},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ask(t, c.client, "GET", c.url, append([]string{"host", "any.example"}, spoofed...)...)
			if got.status != 200 || got.echo.Proto != c.proto || got.echo.Path != "/a?b=c" || got.echo.Host != "any.example" {
				t.Fatalf("got %+v", got)
			}
			if !strings.HasPrefix(got.echo.Remote, c.remote) {
				t.Errorf("the application was called from %s, want %s", got.echo.Remote, c.remote)
			}
			h := got.echo.Header
			if cert := h.Values("x-forwarded-client-cert"); len(cert) != 1 || !strings.HasSuffix(cert[0], ";URI=spiffe://weft.test/ns/shop/sa/front") {
				t.Errorf("the caller is %q", cert)
			}
			if h.Get("x-request-id") != "mine" || h.Get("x-envoy-external-address") != "192.0.2.1" || h.Get("x-forwarded-proto") != "http" {
				t.Errorf("headers of the caller's own are changed: %v", h)
			}
			for name := range h {
				if n := strings.ToLower(name); strings.HasPrefix(n, "x-weft-") || strings.HasPrefix(n, "x-envoy-") && n != "x-envoy-external-address" {
					t.Errorf("the application sees %s: %q", name, h[name])
				}
			}
			for name := range got.header {
				if strings.HasPrefix(strings.ToLower(name), "x-") || name == "Server" {
					t.Errorf("the caller sees %s: %q", name, got.header[name])
				}
			}
		})
	}
	t.Run("plaintext is told why not", func(t *testing.T) {
		got := ask(t, stranger.client, "GET", "http://"+server.addr4.String()+":8080/")
		if got.status != 403 || !strings.Contains(got.body, "mutual TLS") {
			t.Errorf("got %+v", got)
		}
	})
}

// Trap 47: a pod that calls its own Service is judged as any caller.
func TestPodCallsItselfThroughItsService(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	p := m.pod("both")
	p.echoes(":8080")
	v := views{inbound: serves(model.ProtocolHTTP, allow("web"), 8080)}.calls(web("198.19.0.1", p.meshed(8080)))
	p.sidecar("web", v)
	got := ask(t, p.client, "GET", "http://198.19.0.1/")
	if got.status != 200 || !strings.Contains(got.echo.Header.Get("x-forwarded-client-cert"), "URI=spiffe://weft.test/ns/shop/sa/web") {
		t.Errorf("got %+v", got)
	}
	v.inbound = serves(model.ProtocolHTTP, model.Policy{}, 8080)
	p.publishAndWait(v)
	if got := ask(t, p.client, "GET", "http://198.19.0.1/"); got.status != 403 {
		t.Errorf("a pod that may not call itself got %+v", got)
	}
}

// raw sends bytes as they are and reads one response.
func (p *pod) raw(t *testing.T, address, request string) answer {
	t.Helper()
	c, err := p.dial(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	r, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%.40q: %v", request, err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: r.StatusCode, header: r.Header, body: string(body)}
	json.Unmarshal(body, &a.echo)
	return a
}

// Trap 33: on connections that are kept open too.
func TestPolicyHoldsFromTheNextRequestOn(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.echoes(":8080")
	server.sidecar("web", views{inbound: serves(model.ProtocolHTTP, allow("front"), 8080)})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))))
	expect := func(status int, reused bool) {
		t.Helper()
		if got := ask(t, client.client, "GET", "http://198.19.0.1/"); got.status != status || got.reused != reused {
			t.Errorf("got %d, on a kept connection: %v; want %d, %v", got.status, got.reused, status, reused)
		}
	}
	expect(200, false)
	expect(200, true)
	for range 3 {
		server.publishAndWait(views{inbound: serves(model.ProtocolHTTP, allow("others"), 8080)})
		expect(403, true)
		server.publishAndWait(views{inbound: serves(model.ProtocolHTTP, allow("front"), 8080)})
		expect(200, true)
	}
	server.publishAndWait(views{
		inbound:    serves(model.ProtocolHTTP, allow("front"), 8080),
		eachRoutes: func(rc *routev3.RouteConfiguration) { rc.GetVirtualHosts()[0].TypedPerFilterConfig = nil },
	})
	expect(403, true) // routes without a policy let nobody in
}

// Trap 58: an endpoint that has just gone costs no request.
func TestWhatWasNotProcessedIsTriedElsewhere(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	well, ill, client := m.pod("well"), m.pod("ill"), m.pod("client")
	served := well.echoes(":8080")
	in := views{inbound: serves(model.ProtocolHTTP, allow("front"), 8080)}
	well.sidecar("web", in)
	ill.sidecar("web", in) // its application does not listen
	gone := model.Endpoint{Addr: netip.MustParseAddrPort("198.18.80.250:8080"), Meshed: true}
	refusing := model.Endpoint{Addr: netip.AddrPortFrom(ill.addr4, 15030), Meshed: true} // a port that nobody redirects
	client.sidecar("front", views{}.
		calls(web("198.19.0.1", well.meshed(8080), ill.meshed(8080))).
		calls(web("198.19.0.2", ill.meshed(8080))).
		calls(web("198.19.0.3", well.meshed(8080), refusing)).
		calls(web("198.19.0.4", well.meshed(8080), gone)))
	for _, c := range []struct {
		name, address string
		times, status int
	}{
		{"application refuses, another takes it", "198.19.0.1", 20, 200},
		{"all applications refuse", "198.19.0.2", 1, 503},
		{"sidecar refuses, another takes it", "198.19.0.3", 20, 200},
		{"pod is gone, another takes it", "198.19.0.4", 2, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range c.times {
				got := ask(t, client.client, "POST", "http://"+c.address+"/")
				if got.status != c.status || got.header.Get("x-weft-unprocessed") != "" {
					t.Fatalf("got %+v, want %d", got, c.status)
				}
			}
		})
	}
	if served.Load() != 42 {
		t.Errorf("42 requests reached the application %d times", served.Load())
	}
}
