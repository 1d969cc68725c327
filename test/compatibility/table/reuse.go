package table

import (
	"context"
	"net/http"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// reuse are connections that are kept between requests, on either side.
func reuse() []Case {
	const silent = "1,500 GETs to who closes connections without a word"
	return []Case{
		{
			Name: silent, From: "istio#13205, istio#3295, envoy#1979, envoy#14981, linkerd2#5211",
			Answer: &server.Answer{Bytes: ok("ok"), Close: true},
			Do: func(ctx context.Context, t Target) string {
				c := newClient(false, 4)
				return repeat(1500, 4, func(int) string {
					return ask(ctx, c, http.MethodGet, "http://"+t.App(server.PortSilent)+path(silent), "", nil)
				})
			},
			Want: "1500 × 200",
		},
		{
			Name: "500 requests on four connections", From: "istio#13205",
			Do: func(ctx context.Context, t Target) string {
				c := newClient(false, 4)
				return repeat(500, 4, func(int) string {
					return ask(ctx, c, http.MethodPost, "http://"+t.App(server.PortHTTP)+"/x", "hello", nil)
				})
			},
			Want: "500 × 200",
		},
		{
			Name: "200 connections of one request each", From: "linkerd2#13426",
			Do: func(ctx context.Context, t Target) string {
				return repeat(200, 20, func(int) string {
					return exchange{send: get("/x", "Connection: close"), see: see(end)}.do(ctx, t)
				})
			},
			Want: "200 × 200 then closed",
		},
		{
			Name: "a connection that is used again after 65 s", From: "linkerd2#3596, linkerd2#3605", Slow: true,
			Do: func(ctx context.Context, t Target) string {
				c := newClient(false, 1)
				url := "http://" + t.App(server.PortHTTP) + "/x"
				first := ask(ctx, c, http.MethodGet, url, "", nil)
				pause(ctx, t.Wait(65*time.Second))
				return first + ", " + ask(ctx, c, http.MethodPost, url, "hello", nil)
			},
			Want: "200, 200",
		},
		{
			Name: "an answer after 65 s", From: "osm#4127, kuma#3630, kuma#12648", Slow: true,
			Do: func(ctx context.Context, t Target) string {
				return ask(ctx, newClient(false, 1), http.MethodGet, "http://"+t.App(server.PortHTTP)+"/wait/"+t.Wait(65*time.Second).String(), "", nil)
			},
			Want: "200",
		},
	}
}

// pause waits, or until the case is over.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
