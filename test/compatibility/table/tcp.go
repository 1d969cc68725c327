package table

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
	"github.com/weft-mesh/weft/test/compatibility/wire"
)

// connect is a case of one TCP connection.
func connect(service string, port int, do func(context.Context, *net.TCPConn, Target) string) func(context.Context, Target) string {
	return func(ctx context.Context, t Target) string {
		c, err := wire.Dial(ctx, t.Address(service, port))
		if err != nil {
			return wire.End(err)
		}
		defer func() { _ = c.Close() }()
		stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
		defer stop()
		return do(ctx, c, t)
	}
}

// tcpCases are connections whose bytes mean nothing to a mesh.
func tcpCases() []Case { return append(tcpEnds(), tcpData()...) }

// tcp is a case of one connection to the server that does what the first line says.
func tcp(do func(context.Context, *net.TCPConn, Target) string) func(context.Context, Target) string {
	return connect("app", server.PortTCP, do)
}

func tcpEnds() []Case {
	return []Case{
		{
			Name: "the server speaks first", From: "linkerd2#1505, linkerd2#339, istio#10832, osm#3329, osm#5322",
			Do:   connect("app", server.PortGreeting, func(_ context.Context, c *net.TCPConn, _ Target) string { return readAll(c, 6) }),
			Want: `"hello\n" open`,
		},
		{
			Name: "bytes come back", From: "linkerd2#1505",
			Do: tcp(says("echo\nping", 4)), Want: `"ping" open`,
		},
		{
			Name: "a half-closed connection, answered at once", From: "linkerd2#4276, linkerd2#8033",
			Do: tcp(halfCloses(0)), Want: `"read 5" closed`,
		},
		{
			Name: "a half-closed connection, answered after 75 s", From: "linkerd2#3605, linkerd2#4276, linkerd2#8033, istio#43297", Slow: true,
			Do: tcp(halfCloses(75 * time.Second)), Want: `"read 5" closed`,
		},
		{
			Name: "a server that half closes first", From: "linkerd2#3605",
			Do: tcp(func(_ context.Context, c *net.TCPConn, _ Target) string {
				_, _ = io.WriteString(c, "first\n")
				saw := readAll(c, -1)
				_, err := io.WriteString(c, "more")
				return fmt.Sprintf("%s, %d bytes can be sent", saw, written(err, 4))
			}), Want: `"bye" closed, 4 bytes can be sent`,
		},
		{
			Name: "a server that resets", From: "envoy#44148, ztunnel#1483",
			Do: tcp(says("reset\n", -1)), Want: `"x" reset`,
		},
	}
}

func tcpData() []Case {
	return []Case{
		{
			Name: "100 MB one way", From: "istio#15708",
			Do: tcp(func(_ context.Context, c *net.TCPConn, _ Target) string {
				_, _ = io.WriteString(c, "flood 100\n")
				n, err := io.Copy(io.Discard, c)
				return fmt.Sprintf("%d bytes %s", n, wire.End(err))
			}), Want: "104857600 bytes closed",
		},
		{
			Name: "50 MB the other way", From: "istio#42560",
			Do: tcp(func(_ context.Context, c *net.TCPConn, _ Target) string {
				_, _ = io.WriteString(c, "sink 0s\n")
				_, err := io.Copy(c, io.LimitReader(zeros{}, 50<<20))
				if err != nil {
					return wire.End(err)
				}
				_ = c.CloseWrite()
				return readAll(c, -1)
			}), Want: `"read 52428800" closed`,
		},
		{
			Name: "a connection of silence for 75 s", From: "linkerd2#3605", Slow: true,
			Do: tcp(func(ctx context.Context, c *net.TCPConn, t Target) string {
				first := says("echo\nping", 4)(ctx, c, t)
				pause(ctx, t.Wait(75*time.Second))
				return first + ", " + says("pong", 4)(ctx, c, t)
			}), Want: `"ping" open, "pong" open`,
		},
		{
			Name: "a port where nothing listens", From: "istio#44248",
			Do: connect("app", server.PortNone, says("x", -1)), Want: "refused",
			Mesh: &Difference{`"" closed`, "the client's own sidecar takes the connection before it knows; the end follows at once"},
		},
		{
			Name: "an HTTP port where nothing listens", From: "istio#44248",
			Do: exchange{port: server.PortNoneHTTP, send: get("/x")}.do, Want: "refused",
			Mesh: &Difference{"503", "the sidecar says in HTTP that nobody listens"},
		},
		{
			Name: "HTTP over a port that says nothing of it", From: "istio#38284",
			Do:   exchange{port: server.PortPlain, send: get("/a//b?x", "X-CamelCase: 1", "Upgrade: TLS/1.2", "Connection: Upgrade"), see: see(seen(sawStart), seen(sawSpelling("x-camelcase")))}.do,
			Want: "200 server: GET /a//b?x HTTP/1.1 server: X-CamelCase",
		},
	}
}

// zeros is an endless stream of them.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func written(err error, n int) int {
	if err != nil {
		return 0
	}
	return n
}

// readAll reads n bytes, or where n is negative to the end, and says how it ended.
func readAll(c net.Conn, n int) string {
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if n < 0 {
		all, err := io.ReadAll(c)
		return fmt.Sprintf("%s %s", digest(all), wire.End(err))
	}
	some := make([]byte, n)
	n, err := io.ReadFull(c, some)
	if err != nil {
		return fmt.Sprintf("%s %s", digest(some[:n]), wire.End(err))
	}
	return digest(some) + " open"
}

// says sends a text and reads n bytes of what comes back.
func says(text string, n int) func(context.Context, *net.TCPConn, Target) string {
	return func(_ context.Context, c *net.TCPConn, _ Target) string {
		if _, err := io.Copy(c, bytes.NewBufferString(text)); err != nil {
			return wire.End(err)
		}
		return readAll(c, n)
	}
}

// halfCloses has the server answer so long after the client has ended its half.
func halfCloses(after time.Duration) func(context.Context, *net.TCPConn, Target) string {
	return func(_ context.Context, c *net.TCPConn, t Target) string {
		fmt.Fprintf(c, "late %v\nhello", t.Wait(after))
		if err := c.CloseWrite(); err != nil {
			return wire.End(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(t.Wait(after) + patience))
		all, err := io.ReadAll(c)
		return fmt.Sprintf("%s %s", digest(all), wire.End(err))
	}
}
