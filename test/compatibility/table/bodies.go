package table

import (
	"bufio"
	"context"
	"io"
	"strings"
	"time"

	"github.com/weft-mesh/weft/test/compatibility/server"
	"github.com/weft-mesh/weft/test/compatibility/wire"
)

// bodies are requests whose framing, or the order of question and answer, is out of the ordinary.
func bodies() []Case {
	all := cases(earlyRows, answerRow.row)
	for _, r := range bodyRows {
		all = append(all, Case{Name: r.name, From: r.from, Do: r.x.do, Want: r.want})
	}
	for _, r := range halfClosedRows {
		all = append(all, Case{Name: r.name, From: r.from, Do: r.x.do, Want: "200 server: 0 bytes", Mesh: &Difference{"closed", halfClosed}})
	}
	return append(all, Case{Name: "chunks come as they are sent", From: "istio#30333", Do: firstChunk, Want: "the first while the answer goes on"})
}

// firstChunk asks for an answer that takes long, and looks whether its first part is there long before its last.
func firstChunk(ctx context.Context, t Target) string {
	c, err := wire.Dial(ctx, t.App(server.PortHTTP))
	if err != nil {
		return wire.End(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, get("/drip/8s")); err != nil {
		return wire.End(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(4 * time.Second))
	r := bufio.NewReader(c)
	if _, err := wire.ReadHead(r); err != nil {
		return wire.End(err)
	}
	if _, err := io.ReadFull(r, make([]byte, len("1\r\n.\r\n"))); err != nil {
		return wire.End(err)
	}
	return "the first while the answer goes on"
}

// earlyRows are answers that do not wait for the body.
var earlyRows = []answerRow{
	{
		name: "413 before the body is read, with care", from: "envoy#38697, envoy#2929, envoy#18213",
		answer: server.Answer{Bytes: "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", Early: true, Linger: true},
		send:   func(p string) string { return request("POST "+p, strings.Repeat("b", 1<<20)) }, see: see(body), want: `413 "no"`,
	},
	{
		name: "401 in the place of 100", from: "istio#21382, istio#36278",
		answer: server.Answer{Bytes: "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", Early: true, Close: true},
		send: func(p string) string {
			return head("POST "+p+" HTTP/1.1", "Host: app", "Expect: 100-continue", "Content-Length: 5")
		}, see: see(body), want: `401 "no"`,
	},
}

// bodyRows are requests that the server echoes.
var bodyRows = []struct {
	name, from string
	x          exchange
	want       string
}{
	{"trailers of a request", "istio#31458, envoy#18120", exchange{
		send: head("POST /x HTTP/1.1", "Host: app", "Trailer: X-Sum", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\nX-Sum: abc123\r\n\r\n",
		see:  see(seen(sawBody), seen(sawTrailers)),
	}, "200 server: 5 bytes server: trailers (x-sum=abc123)"},
	{"a GET with a body in chunks", "linkerd2#3310", exchange{
		send: head("GET /x HTTP/1.1", "Host: app", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n",
		see:  see(seen(sawBody)),
	}, "200 server: 5 bytes"},
	{"the server reads Expect", "istio#21382, istio#36278", exchange{
		send:  head("POST /x HTTP/1.1", "Host: app", "Expect: 100-continue", "Content-Length: 5"),
		later: "hello", pause: 500 * time.Millisecond, see: see(seen(sawField("Expect"))),
	}, "100 200 server: Expect=100-continue"},
	{"chunks with extensions", "", exchange{
		send: head("POST /x HTTP/1.1", "Host: app", "Transfer-Encoding: chunked") + "5;a=b;c=\"d\"\r\nhello\r\n0\r\n\r\n",
		see:  see(seen(sawBody)),
	}, "200 server: 5 bytes"},
	{"chunks whose size has zeros before it", "", exchange{
		send: head("POST /x HTTP/1.1", "Host: app", "Transfer-Encoding: chunked") + "00000005\r\nhello\r\n0\r\n\r\n",
		see:  see(seen(sawBody)),
	}, "200 server: 5 bytes"},
	{"Transfer-Encoding in capitals", "istio#24753", exchange{
		send: head("POST /x HTTP/1.1", "Host: app", "Transfer-Encoding: Chunked") + "5\r\nhello\r\n0\r\n\r\n",
		see:  see(seen(sawBody)),
	}, "200 server: 5 bytes"},
	{"Expect: 100-continue, and the body after it", "envoy#18213, istio#21382, traefik#2899", exchange{
		send:  head("POST /x HTTP/1.1", "Host: app", "Expect: 100-continue", "Content-Length: 5"),
		later: "hello", pause: 500 * time.Millisecond, see: see(seen(sawBody)),
	}, "100 200 server: 5 bytes"},
	{"a body that comes late", "", exchange{
		send: head("POST /x HTTP/1.1", "Host: app", "Content-Length: 5"), later: "hello", pause: 2 * time.Second, see: see(seen(sawBody)),
	}, "200 server: 5 bytes"},
	{"a header that comes in pieces", "", exchange{
		send: "GET /x HT", later: "TP/1.1\r\nHost: app\r\n\r\n", pause: time.Second, see: see(seen(sawBody)),
	}, "200 server: 0 bytes"},
	{"two requests in one packet", "", exchange{
		send: get("/first") + get("/second"), answers: 2, see: see(seen(sawStart)),
	}, "200 200 server: GET /second HTTP/1.1"},
	{"a POST and a GET in one packet", "", exchange{
		send: request("POST /first", "hello") + get("/second"), answers: 2, see: see(seen(sawStart)),
	}, "200 200 server: GET /second HTTP/1.1"},
	{"Connection: close is obeyed", "envoy#14981", exchange{
		send: get("/x", "Connection: close"), see: see(end),
	}, "200 then closed"},
	{"a connection is kept", "envoy#14981", exchange{
		send: get("/x"), see: see(end),
	}, "200 then open"},
}

// halfClosed is what Envoy makes of a request whose client has closed its side.
const halfClosed = "to Envoy a client of HTTP/1.1 that has closed its side has gone"

var halfClosedRows = []struct {
	name, from string
	x          exchange
}{
	{"a client that half closes after its request", "istio#43297, linkerd2#8033", exchange{
		send: get("/x", "Connection: close"), half: true, see: see(seen(sawBody)),
	}},
	{"a client that half closes, and an answer a second later", "istio#43297, linkerd2#4276", exchange{
		send: get("/wait/1s", "Connection: close"), half: true, see: see(seen(sawBody)),
	}},
}
