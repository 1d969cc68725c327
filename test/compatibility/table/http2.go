package table

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// http2Cases are what clients of HTTP/2 with prior knowledge do, and clients of HTTP/1.1 at servers of HTTP/2.
func http2Cases() []Case {
	rows := []struct {
		name, from string
		port       int
		method     string
		target     string
		body       string
		header     http.Header
		see        []answerView
		want       string
		mesh       *Difference
	}{
		{
			name: "HTTP/2 at an http2 port", from: "istio#26097", port: server.PortHTTP2,
			see: []answerView{version}, want: "200 server: HTTP/2.0",
		},
		{
			name: "HTTP/2 at an http port whose application takes it", from: "istio#16059, istio#24706", port: server.PortBoth,
			see: []answerView{version}, want: "200 server: HTTP/2.0",
		},
		{
			name: "trailers of HTTP/2", from: "istio#31458", port: server.PortHTTP2, target: "/trailers",
			see: []answerView{answerTrailer("X-Sum")}, want: "200 trailer abc123",
		},
		{
			name: "150 headers in HTTP/2", from: "envoy#13827", port: server.PortHTTP2,
			header: headers(150), see: []answerView{echoView(sawField("X-H149"))}, want: "200 server: X-H149=v",
		},
		{
			name: "a header of 62 kB in HTTP/2", from: "istio#52006", port: server.PortHTTP2,
			header: http.Header{"X-Big": {strings.Repeat("a", 62<<10)}}, see: []answerView{echoView(sawSize("X-Big"))},
			want: "200 server: X-Big of 63488 bytes",
		},
		{
			name: "a POST of 20 MB in HTTP/2", from: "istio#15708", port: server.PortHTTP2, method: http.MethodPost,
			body: strings.Repeat("b", 20<<20), see: []answerView{echoView(sawBody)}, want: "200 server: 20971520 bytes",
		},
		{
			name: "two slashes in HTTP/2", from: "kgateway#14619", port: server.PortHTTP2, target: "/a//b/%2F",
			see: []answerView{echoView(sawStart)}, want: "200 server: GET /a//b/%2F HTTP/2.0",
		},
		{
			name: "cookies in crumbs of HTTP/2", from: "flagger#88, flagger#340", port: server.PortHTTP2,
			header: http.Header{"Cookie": {"a=b; type=insider; c=d"}}, see: []answerView{echoView(sawField("Cookie"))},
			want: "200 server: Cookie=a=b; type=insider; c=d",
		},
	}
	var all []Case
	for _, r := range rows {
		if r.target == "" {
			r.target = "/x"
		}
		if r.method == "" {
			r.method = http.MethodGet
		}
		all = append(all, Case{Name: r.name, From: r.from, Want: r.want, Mesh: r.mesh, Do: func(ctx context.Context, t Target) string {
			return ask(ctx, newClient(true, 1), r.method, "http://"+t.App(r.port)+r.target, r.body, r.header, r.see...)
		}})
	}
	return append(all, manyStreams()...)
}

func headers(n int) http.Header {
	h := http.Header{}
	for i := range n {
		h.Set(fmt.Sprintf("X-H%d", i), "v")
	}
	return h
}

func manyStreams() []Case {
	at := func(port int, wait time.Duration, n, workers int, method string) func(context.Context, Target) string {
		return func(ctx context.Context, t Target) string {
			c := newClient(true, 1)
			return repeat(n, workers, func(int) string {
				return ask(ctx, c, method, fmt.Sprintf("http://%s/wait/%v", t.App(port), wait), "x", nil)
			})
		}
	}
	return []Case{
		{
			Name: "500 GETs at who takes five streams", From: "istio#4940, istio#7061",
			Do: at(server.PortFew, 5*time.Millisecond, 500, 50, http.MethodGet), Want: "500 × 200",
		},
		{
			Name: "500 POSTs at who takes five streams", From: "istio#4940, istio#7061",
			Do: at(server.PortFew, 5*time.Millisecond, 500, 50, http.MethodPost), Want: "500 × 200",
		},
		{
			Name: "400 requests of HTTP/2 at once", From: "envoy#3076",
			Do: at(server.PortHTTP2, time.Second, 400, 400, http.MethodGet), Want: "400 × 200",
		},
		{
			Name: "HTTP/1.1 at a port of HTTP/2 alone", From: "istio#47915",
			Do: exchange{port: server.PortHTTP2, send: get("/x"), see: see(seen(sawStart))}.do, Want: "reset",
			Mesh: &Difference{"200 server: GET /x HTTP/2.0", "the server's sidecar speaks HTTP/2 to it; better than without a mesh"},
		},
	}
}
