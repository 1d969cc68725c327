package table

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// steadyTime is how long the calls last that unrelated changes must not cut: longer than the half minute in which a
// listener that was changed drains.
const steadyTime = 50 * time.Second

// steadyCases are long calls, one of each kind, during which other Services for the same pods come and go.
func steadyCases() []Case {
	const from = "envoy#8564, envoy#35109, envoy#30037, istio#48016"
	long := func(t Target) string { return t.Wait(steadyTime).String() }
	all := []Case{
		{Name: "a request of 50 s", Want: "200", Do: func(ctx context.Context, t Target) string {
			return ask(ctx, newClient(false, 1), http.MethodGet, "http://"+t.App(server.PortHTTP)+"/wait/"+long(t), "", nil)
		}},
		{Name: "an answer that drips for 50 s", Want: "200", Do: func(ctx context.Context, t Target) string {
			return ask(ctx, newClient(false, 1), http.MethodGet, "http://"+t.App(server.PortHTTP)+"/drip/"+long(t), "", nil)
		}},
		{Name: "HTTP/2 that drips for 50 s", Want: "200", Do: func(ctx context.Context, t Target) string {
			return ask(ctx, newClient(true, 1), http.MethodGet, "http://"+t.App(server.PortHTTP2)+"/drip/"+long(t), "", nil)
		}},
		{Name: "a WebSocket of 50 s", Want: `101 then "hello"`, Do: func(ctx context.Context, t Target) string {
			return exchange{send: get(path("WebSocket accepted"), webSocket...), see: see(func(r *reply) string {
				pause(ctx, t.Wait(steadyTime))
				return tail("hello")(r)
			})}.do(ctx, t)
		}},
		{Name: "a gRPC call of 50 s", Want: "OK", Do: func(ctx context.Context, t Target) string {
			return overChannel(server.PortGRPC, func(ctx context.Context, c *grpc.ClientConn) string {
				_, err := invoke(ctx, c, "Wait", long(t))
				return outcome(err)
			})(ctx, t)
		}},
		{Name: "a TCP connection of 50 s", Want: "50 × \"ping\" open", Do: connect("app", server.PortTCP, func(ctx context.Context, c *net.TCPConn, t Target) string {
			fmt.Fprint(c, "echo\n")
			return repeat(50, 1, func(int) string {
				pause(ctx, t.Wait(time.Second))
				return says("ping", 4)(ctx, c, t)
			})
		})},
	}
	for i := range all {
		all[i].Name += ", while other things change"
		all[i].From, all[i].Group, all[i].Slow = from, Steady, true
	}
	return all
}
