package table

import (
	"context"
	"net"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// selfCases are what a pod asks itself: through a Service that leads to it alone, and by its own address.
func selfCases() []Case {
	const from = "istio#7563, istio#30990, istio#12551, istio#40058"
	var all []Case
	for _, service := range []string{"app", ServiceHeadless} {
		all = append(all,
			Case{
				Name: "a pod asks itself in HTTP through a Service: " + service, From: from, Group: Self, Want: "200 server: GET /x HTTP/1.1",
				Do: exchange{service: service, send: get("/x"), see: see(seen(sawStart))}.do,
			},
			Case{
				Name: "a pod asks itself in TCP through a Service: " + service, From: from, Group: Self, Want: `"ping" open`,
				Do: connect(service, server.PortTCP, func(ctx context.Context, c *net.TCPConn, t Target) string {
					return says("echo\nping", 4)(ctx, c, t)
				}),
			},
		)
	}
	return all
}
