//go:build linux

package envoy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/weft-mesh/weft/translators/model"
)

// Trap 2: a weight of 0 is none of the requests.
// Trap 35: the host is matched with a port and without.
func TestWeightsAndMatchesDecideWhoAnswers(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	v1, v2, client := m.pod("v1"), m.pod("v2"), m.pod("client")
	in := views{inbound: serves(model.ProtocolHTTP, model.Policy{AllowAll: true}, 8080)}
	for p, runsAs := range map[*pod]string{v1: "web", v2: "web-next"} {
		p.echoes(":8080")
		p.sidecar(runsAs, in)
	}
	one, two, root := web("198.19.0.1", v1.meshed(8080)), web("198.19.0.2", v2.meshed(8080)), web("198.19.0.3", v1.meshed(8080), v2.meshed(8080))
	two.identities = []model.Identity{account("web-next")}
	root.identities = []model.Identity{account("web"), account("web-next")}
	nobody := web("198.19.0.4")
	v := views{}.calls(one).calls(two).calls(root).calls(nobody)
	canary := model.HTTPMatch{Methods: []string{"GET", "PUT"}, PathRegex: "/books/[0-9]+", Headers: []model.HeaderMatch{{Name: "host", Regex: "web|shop"}, {Name: "x-debug", Regex: "1|true"}}}
	v.outbound[2].Routes = []model.OutboundRoute{
		{Name: "shop/canary", Match: &canary, Backends: []model.WeightedCluster{{Cluster: one.name}, {Cluster: two.name, Weight: 7}}},
		{Name: "shop/closed", Match: &model.HTTPMatch{PathRegex: "/closed"}, Backends: []model.WeightedCluster{{Cluster: one.name}}},
		{Name: "shop/split", Backends: []model.WeightedCluster{{Cluster: one.name, Weight: 3}, {Cluster: two.name, Weight: 1}}},
	}
	v.outbound[3].Routes = append([]model.OutboundRoute{
		{Name: "shop/canary", Match: &canary, Backends: []model.WeightedCluster{{Cluster: two.name, Weight: 1}}},
	}, v.outbound[3].Routes...)
	client.sidecar("front", v)
	const n = 1000
	split := map[string]int{}
	for range n {
		split[ask(t, client.client, "GET", "http://198.19.0.3/").echo.Name]++
	}
	// 99.99 % of binomial samples are within 3.9 standard deviations.
	if off := math.Abs(float64(split["v1"]) - 0.75*n); off > 3.9*math.Sqrt(n*0.75*0.25) || split["v1"]+split["v2"] != n {
		t.Errorf("3:1 of %d requests gave %v", n, split)
	}
	for range 20 {
		for _, host := range []string{"web", "web:80", "shop:8080"} {
			if got := ask(t, client.client, "PUT", "http://198.19.0.3/books/12/pages?q=1", "host", host, "x-debug", "true"); got.echo.Name != "v2" {
				t.Fatalf("a request to %s that matches was answered by %+v", host, got)
			}
		}
	}
	for _, c := range [][]string{
		{"POST", "/books/12", "host", "web", "x-debug", "1"},
		{"GET", "/my/books/12", "host", "web", "x-debug", "1"},
		{"GET", "/books/12", "host", "web", "x-debug", "11"},
		{"GET", "/books/12", "host", "other", "x-debug", "1"},
		{"GET", "/books/12", "host", "web.other:80", "x-debug", "1"},
		{"GET", "/books/12", "host", "web"},
	} {
		answers := map[string]bool{}
		for range 200 { // all by v2: once in 10^120 runs
			answers[ask(t, client.client, c[0], "http://198.19.0.3"+c[1], c[2:]...).echo.Name] = true
		}
		if !answers["v1"] {
			t.Errorf("%v went the way of what matches", c)
		}
	}
	if got := ask(t, client.client, "GET", "http://198.19.0.3/closed"); got.status != 503 || !strings.Contains(got.body, "weight") {
		t.Errorf("no weight at all: got %+v", got)
	}
	// Trap 14: the root has no pods, and its backends do not step in.
	if got := ask(t, client.client, "GET", "http://198.19.0.4/books/12", "host", "web", "x-debug", "1"); got.echo.Name != "v2" {
		t.Errorf("what matches, at a root without pods: got %+v", got)
	}
	if got := ask(t, client.client, "GET", "http://198.19.0.4/books/12"); got.status != 503 {
		t.Errorf("what does not match, at a root without pods: got %+v", got)
	}
	// Trap 31: v1 and v2 run as two accounts, and the root's callers take both.
	all := map[string]int{}
	v.outbound[2].Routes = []model.OutboundRoute{{Backends: []model.WeightedCluster{{Cluster: root.name, Weight: 1}}}}
	client.publishAndWait(v)
	for range 100 {
		all[ask(t, client.client, "GET", "http://198.19.0.3/").echo.Name]++
	}
	if len(all) != 2 || all["v1"] == 0 || all["v2"] == 0 {
		t.Errorf("pods of two accounts behind one Service answered %v", all)
	}
}

// Trap 38: a method is itself alone, and none is all of those that HTTP has.
func TestMethods(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	served := server.echoes(":8080")
	c := model.Caller{Identity: account("front"), Routes: []model.AllowedRoute{
		{Match: model.HTTPMatch{PathRegex: "/get", Methods: []string{"GET"}}},
		{Match: model.HTTPMatch{PathRegex: "/trace", Methods: []string{"CONNECT", "TRACE"}}},
		{Match: model.HTTPMatch{PathRegex: "/any"}},
	}}
	server.sidecar("web", views{inbound: serves(model.ProtocolHTTP, model.Policy{Callers: []model.Caller{c}}, 8080)})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))))
	for line, want := range map[string]int{
		"GET /get": 200, "HEAD /get": 403, "POST /get": 403, "OPTIONS /get": 403,
		"GET /any": 200, "HEAD /any": 200, "OPTIONS /any": 200, "DELETE /any": 200,
		"TRACE /trace": 200, "TRACE /get": 403, "GET /trace": 403,
		"CONNECT web:80": 403, "CONNECT /trace": 400, "get /get": 400, "BREW /any": 400,
	} {
		t.Run(line, func(t *testing.T) {
			before := served.Load()
			got := client.raw(t, "198.19.0.1:80", line+" HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n")
			if got.status != want || (served.Load() > before) != (want == 200) {
				t.Errorf("got %d %q, and the application was asked: %v; want %d", got.status, got.body, served.Load() > before, want)
			}
		})
	}
}

// Trap 39: gRPC is a POST of /package.Service/Method over HTTP/2; a denial is
// PERMISSION_DENIED, and a status that comes alone, in trailers, passes.
func TestWebSocketAndGRPCCrossTheMesh(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	go http.Serve(server.listen(":8080"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("upgrade") != "websocket" {
			w.WriteHeader(http.StatusUpgradeRequired)
			return
		}
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")
		io.Copy(c, rw)
	}))
	g := grpc.NewServer()
	serving := health.NewServer()
	healthv1.RegisterHealthServer(g, serving)
	go g.Serve(server.listen(":9090"))
	t.Cleanup(g.Stop)
	get := model.Caller{Identity: account("front"), Routes: []model.AllowedRoute{{Match: model.HTTPMatch{PathRegex: "/chat", Methods: []string{"GET"}}}}}
	in := serves(model.ProtocolHTTP, model.Policy{Callers: []model.Caller{get}}, 8080)
	in.Ports = append(in.Ports, model.InboundPort{Port: 9090, Protocol: model.ProtocolHTTP2, Policy: model.Policy{Callers: []model.Caller{{
		Identity: account("front"), Routes: []model.AllowedRoute{{Match: model.HTTPMatch{PathRegex: "/grpc.health.v1.Health/(Check|Watch)$", Methods: []string{"POST"}}}},
	}}}})
	server.sidecar("web", views{inbound: in})
	api := service{port("shop", "grpc", 80), model.ProtocolHTTP2, "198.19.0.2", []model.Identity{account("web")}, []model.Endpoint{server.meshed(9090)}}
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))).calls(api))

	// Trap 38: an upgrade is a GET to the policy, though it travels as CONNECT.
	t.Run("WebSocket", func(t *testing.T) {
		c, err := client.dial(context.Background(), "198.19.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /chat HTTP/1.1\r\nhost: web\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		r := bufio.NewReader(c)
		response, err := http.ReadResponse(r, nil)
		if err != nil || response.StatusCode != 101 {
			t.Fatalf("got %v, %v", response, err)
		}
		for i := range 3 {
			fmt.Fprintf(c, "frame %d\n", i)
			if line, err := r.ReadString('\n'); line != fmt.Sprintf("frame %d\n", i) {
				t.Fatalf("got %q, %v", line, err)
			}
		}
	})
	conn, err := grpc.NewClient("passthrough:///198.19.0.2:80", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, a string) (net.Conn, error) { return client.dial(ctx, a) }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	t.Run("gRPC", func(t *testing.T) {
		if r, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}); err != nil || r.GetStatus() != healthv1.HealthCheckResponse_SERVING {
			t.Errorf("got %v, %v", r, err)
		}
	})
	t.Run("gRPC, streaming, with a status of its own", func(t *testing.T) {
		stream, err := healthv1.NewHealthClient(conn).Watch(ctx, &healthv1.HealthCheckRequest{Service: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []healthv1.HealthCheckResponse_ServingStatus{healthv1.HealthCheckResponse_SERVICE_UNKNOWN, healthv1.HealthCheckResponse_SERVING} {
			if r, err := stream.Recv(); err != nil || r.GetStatus() != want {
				t.Fatalf("got %v, %v; want %v", r, err, want)
			}
			serving.SetServingStatus("shop", healthv1.HealthCheckResponse_SERVING)
		}
	})
	t.Run("gRPC, a status without a message", func(t *testing.T) {
		_, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{Service: "unknown"})
		if err == nil || !strings.Contains(err.Error(), "NotFound") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("gRPC, denied", func(t *testing.T) {
		_, err := healthv1.NewHealthClient(conn).List(ctx, &healthv1.HealthListRequest{})
		if err == nil || !strings.Contains(err.Error(), "PermissionDenied") {
			t.Errorf("got %v", err)
		}
	})
	server.counts(t,
		`envoy_weft_server_requests_total{`+frontPeer+`,port="8080",code="101",grpc="",flags="DC",rule="allow"} 1`,
		`envoy_weft_server_requests_total{`+frontPeer+`,port="9090",code="200",grpc="0",flags="-",rule="allow"} 1`,
		`envoy_weft_server_requests_total{`+frontPeer+`,port="9090",code="200",grpc="5",flags="-",rule="allow"} 1`,
		`envoy_weft_server_denied_total{`+frontPeer+`,port="9090",protocol="http",missing="route"} 1`,
		`envoy_weft_server_request_duration_ms_count{`+frontPeer+`,port="9090"} 2`)
	if got := server.figures(t); strings.Contains(got, `duration_ms_count{`+frontPeer+`,port="8080"`) {
		t.Errorf("the life of a WebSocket is counted as the time of an answer:\n%s", got)
	}
	client.counts(t, `envoy_weft_client_requests_total{port="80",`+webPeer+`,service="shop/grpc",split="",backend="outbound|shop/grpc|80",code="200",grpc="7",flags="-"} 1`)
}

// Trap 32: one Service calls the port HTTP, another TCP. Each caller is taken
// for what it speaks, and judged by that.
func TestPortOfTwoProtocols(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client, other := m.pod("server"), m.pod("client"), m.pod("other")
	server.echoes(":8080")
	read := model.Caller{Identity: account("front"), Routes: []model.AllowedRoute{{Match: model.HTTPMatch{PathRegex: "/books"}}}}
	tcpPolicy := allow("batch")
	server.sidecar("web", views{inbound: model.Inbound{MTLS: model.MTLSStrict, Ports: []model.InboundPort{
		{Port: 8080, Protocol: model.ProtocolHTTP, Policy: model.Policy{Callers: []model.Caller{read}}, TCP: &tcpPolicy},
	}}})
	raw := tcp("198.19.0.2", server.meshed(8080))
	raw.identities = []model.Identity{account("web")}
	v := views{}.calls(web("198.19.0.1", server.meshed(8080))).calls(raw)
	client.sidecar("front", v)
	other.sidecar("batch", v)
	request := func(path string) string { return "GET " + path + " HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n" }
	if got := client.raw(t, "198.19.0.1:80", request("/books")); got.status != 200 || got.echo.Proto != "HTTP/1.1" || got.echo.Header.Get("x-forwarded-client-cert") == "" {
		t.Errorf("as HTTP: got %+v", got)
	}
	if got := client.raw(t, "198.19.0.1:80", request("/")); got.status != 403 {
		t.Errorf("as HTTP, what no route allows: got %+v", got)
	}
	client.expectClosed(t, "198.19.0.2:5432")
	if got := other.raw(t, "198.19.0.2:5432", request("/any")); got.status != 200 || got.echo.Path != "/any" {
		t.Errorf("as TCP: got %+v", got)
	}
	if got := other.raw(t, "198.19.0.1:80", request("/books")); got.status != 403 {
		t.Errorf("as HTTP, who may connect: got %+v", got)
	}
	if got := m.pod("stranger").raw(t, server.addr4.String()+":8080", request("/books")); got.status != 403 {
		t.Errorf("plaintext: got %+v", got)
	}
}

// TestWhatNobodyHasSeenIsTriedAgain: one pod's application is gone while its
// endpoint is still there, and so is one pod altogether. Nobody notices.
func TestWhatNobodyHasSeenIsTriedAgain(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	here, gone, client := m.pod("here"), m.pod("gone"), m.pod("client")
	here.echoes(":8080")
	in := views{inbound: serves(model.ProtocolHTTP, model.Policy{AllowAll: true}, 8080)}
	here.sidecar("web", in)
	gone.sidecar("web", in)
	nowhere := model.Endpoint{Addr: netip.MustParseAddrPort("198.18.80.250:8080"), Meshed: true}
	v := views{}.calls(web("198.19.0.1", here.meshed(8080), gone.meshed(8080))).calls(web("198.19.0.2", here.meshed(8080), nowhere)).calls(web("198.19.0.3", here.meshed(8080), gone.meshed(8080)))
	v.outbound[2].Routes[0].Backends = []model.WeightedCluster{{Cluster: v.outbound[0].Name, Weight: 1}, {Cluster: v.outbound[2].Name, Weight: 1}}
	client.sidecar("front", v)
	for _, to := range []string{"198.19.0.1", "198.19.0.2", "198.19.0.3"} {
		for range 5 {
			if got := ask(t, client.client, "GET", "http://"+to); got.status != 200 {
				t.Fatalf("%s: %d %s", to, got.status, got.body)
			}
		}
	}
}
