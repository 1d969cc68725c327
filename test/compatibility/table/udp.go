package table

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
	"github.com/weft-mesh/weft/test/compatibility/wire"
)

// udpCases are datagrams that come back.
func udpCases() []Case {
	var all []Case
	for _, n := range []int{1, 1400, 9000, 60000} {
		all = append(all, Case{
			Name: fmt.Sprintf("a datagram of %d bytes", n), From: "istio#1430, istio#44843",
			Do: func(_ context.Context, t Target) string { return datagrams(t, 1, n) }, Want: "1 × back",
		})
	}
	return append(all,
		Case{
			Name: "200 datagrams of one socket", From: "istio#1430",
			Do: func(_ context.Context, t Target) string { return datagrams(t, 200, 100) }, Want: "200 × back",
		},
		Case{
			Name: "50 sockets", From: "istio#1430",
			Do: func(_ context.Context, t Target) string {
				return repeat(50, 5, func(int) string { return datagrams(t, 1, 100) })
			}, Want: "50 × 1 × back",
		},
	)
}

// datagrams sends n of a size, each after the answer to the one before, and counts what comes back. A datagram may be
// lost, mesh or no mesh, so each is sent three times at most.
func datagrams(t Target, n, size int) string {
	c, err := net.Dial("udp", t.App(server.PortUDP))
	if err != nil {
		return wire.End(err)
	}
	defer c.Close()
	return repeat(n, 1, func(i int) string {
		text := fmt.Sprintf("%d ", i) + strings.Repeat("u", size)
		text = text[:size]
		back := make([]byte, 65536)
		said := "nothing"
		for range 3 {
			if _, err := c.Write([]byte(text)); err != nil {
				said = wire.End(err)
				continue
			}
			_ = c.SetReadDeadline(time.Now().Add(2 * time.Second))
			m, err := c.Read(back)
			switch {
			case err != nil:
				said = wire.End(err)
			case string(back[:m]) == text:
				return "back"
			}
		}
		return said
	})
}
