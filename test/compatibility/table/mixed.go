package table

import (
	"context"
	"net"
	"net/http"

	"google.golang.org/grpc"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// Services of the group Mixed beside "app". In the mesh they are what their names say.
const (
	ServiceMixed    = "mixed"    // one pod in the mesh, one outside of it
	ServicePlain    = "plain"    // a pod outside
	ServiceManual   = "manual"   // no selector: an EndpointSlice of somebody's own, at the address of a pod in the mesh
	ServiceLegacy   = "legacy"   // the same, at the address of a pod outside
	ServiceHeadless = "headless" // no address of its own: clients dial the pod
	ServiceSplit    = "split"    // the root of a TrafficSplit, between "app" and "legacy"
)

// mixedCases ask each of those Services in each protocol.
func mixedCases() []Case {
	services := []struct{ name, from string }{
		{ServiceMixed, "istio#47915"},
		{ServicePlain, "istio#47915"},
		{ServiceManual, "istio#17837"},
		{ServiceLegacy, "linkerd2#12830"},
		{ServiceHeadless, "istio#10490, istio#7495, istio#20545"},
		{ServiceSplit, "linkerd2#12830, osm#4296, mesh#619"},
	}
	var all []Case
	for _, s := range services {
		all = append(all,
			Case{Name: "HTTP/1.1 to a Service: " + s.name, Want: "60 × 200 server: HTTP/1.1", Do: func(ctx context.Context, t Target) string {
				c := newClient(false, 2)
				return repeat(60, 2, func(int) string {
					return ask(ctx, c, http.MethodPost, "http://"+t.Address(s.name, server.PortHTTP)+"/x", "hello", nil, version)
				})
			}},
			Case{Name: "WebSocket to a Service: " + s.name, Want: `20 × 101 then "hello"`, Do: func(ctx context.Context, t Target) string {
				return repeat(20, 2, func(int) string {
					return exchange{service: s.name, send: get(path("WebSocket accepted"), webSocket...), see: see(tail("hello"))}.do(ctx, t)
				})
			}},
			Case{Name: "gRPC to a Service: " + s.name, Want: "60 × OK", Do: func(ctx context.Context, t Target) string {
				return repeat(60, 4, func(int) string {
					c, err := channel(t.Address(s.name, server.PortGRPC))
					if err != nil {
						return err.Error()
					}
					defer func() { _ = c.Close() }()
					return once(ctx, c)
				})
			}},
			Case{Name: "TCP to a Service: " + s.name, Want: `20 × "ping" open`, Do: func(ctx context.Context, t Target) string {
				return repeat(20, 2, func(int) string {
					return connect(s.name, server.PortTCP, func(ctx context.Context, c *net.TCPConn, t Target) string {
						return says("echo\nping", 4)(ctx, c, t)
					})(ctx, t)
				})
			}},
		)
		for i := len(all) - 4; i < len(all); i++ {
			all[i].From, all[i].Group = s.from, Mixed
		}
	}
	return all
}

func once(ctx context.Context, c *grpc.ClientConn) string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := invoke(ctx, c, "Echo", "x")
	return outcome(err)
}
