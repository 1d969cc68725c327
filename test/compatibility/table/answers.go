package table

import (
	"strings"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// answerRow is an answer that the server writes to a GET, or to another request for the same path.
type answerRow struct {
	name, from string
	answer     server.Answer
	send       func(path string) string // a GET unless said
	see        []view
	want       string
	mesh       *Difference
}

func (r answerRow) row() Case {
	x := exchange{see: r.see}
	if r.send == nil {
		x.send = get(path(r.name))
	} else {
		x.send = r.send(path(r.name))
	}
	return Case{Name: r.name, From: r.from, Do: x.do, Answer: &r.answer, Want: r.want, Mesh: r.mesh}
}

func writes(lines ...string) server.Answer { return server.Answer{Bytes: strings.Join(lines, "")} }

// answers are the cases of answerRows.
func answers() []Case { return cases(answerRows, answerRow.row) }

const up = "HTTP/1.1 "

var plain = see(body)

// answerRows are what applications answer that is unusual and right, or wrong and taken by most clients.
var answerRows = []answerRow{
	{
		name: "an answer with 150 headers", from: "envoy#13827",
		answer: writes(ok("ok", many(150, "X-H%d: v")...)), see: see(field("X-H149"), body), want: `200 X-H149=v "ok"`,
	},
	{
		name: "an answer with a header of 62 kB", from: "istio#52006, envoy#11774",
		answer: writes(ok("ok", long("X-Big", 62<<10))), see: see(size("X-Big"), body), want: `200 X-Big of 63488 bytes "ok"`,
	},
	{
		name: "120 cookies set", from: "envoy#13827",
		answer: writes(ok("ok", many(120, "Set-Cookie: c%d=v")...)), see: see(count("Set-Cookie")), want: "200 120 of Set-Cookie",
	},
	{
		name: "trailers of an answer", from: "istio#31458, envoy#18120",
		answer: writes(up, "200 OK\r\nTrailer: X-Sum\r\n", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: abc123\r\n\r\n"),
		send:   func(p string) string { return get(p, "TE: trailers", "Connection: TE") }, see: see(trailers, body), want: `200 trailers (x-sum=abc123) "ok"`,
	},
	{
		name: "204 with Transfer-Encoding", from: "istio#28433, envoy#10566",
		answer: writes(up, "204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"), want: "204",
		mesh: &Difference{"502", "RFC 9112, 6.1, forbids it, and Envoy refuses it"},
	},
	{
		name: "204 with a length of 0", from: "envoy#10566",
		answer: writes(up, "204 No Content\r\nContent-Length: 0\r\n\r\n"), want: "204",
	},
	{
		name: "Transfer-Encoding twice", from: "istio#24753, istio#36711",
		answer: writes(up, "200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), want: "200",
		mesh: &Difference{"502", "two proxies can read it in two ways, and Envoy refuses it"},
	},
	{
		name: "Transfer-Encoding and a length", from: "istio#24753",
		answer: writes(up, "200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"), want: "200",
		mesh: &Difference{"502", "two proxies can read it in two ways, and Envoy refuses it"},
	},
	{
		name: "the same length twice", from: "istio#20606",
		answer: writes(up, "200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"), want: "200",
		mesh: &Difference{"502", "two proxies can read it in two ways, and Envoy refuses it"},
	},
	{
		name: "a space before a colon", from: "istio#28433",
		answer: writes(up, "200 OK\r\nX-A : b\r\nContent-Length: 2\r\n\r\nok"), want: "200",
		mesh: &Difference{"502", "RFC 9112, 5.1, forbids it, and Envoy refuses it"},
	},
	{
		name: "a Host in an answer", from: "istio#28433",
		answer: writes(ok("ok", "Host: me")), see: plain, want: `200 "ok"`,
	},
	{
		name: "UTF-8 in an answer's header", from: "istio#28433",
		answer: writes(ok("ok", "X-Name: résumé")), see: see(field("X-Name")), want: "200 X-Name=résumé",
	},
	{
		name: "Latin-1 in an answer's header", from: "istio#28433",
		answer: writes(ok("ok", "X-Name: caf\xe9")), see: see(field("X-Name")), want: `200 X-Name=caf\xe9`,
	},
	{
		name: "an answer without a reason", from: "envoy#10566",
		answer: writes(up, "200\r\nContent-Length: 2\r\n\r\nok"), see: plain, want: `200 "ok"`,
	},
	{
		name:   "a reason of the application's own",
		answer: writes(up, "200 Fine\r\nContent-Length: 2\r\n\r\nok"), see: see(reason), want: "200 reason=Fine",
	},
	{
		name: "an answer whose lines end in LF", from: "istio#28433",
		answer: writes("HTTP/1.1 200 OK\nContent-Length: 2\n\nok"), see: plain, want: `200 "ok"`,
	},
	{
		name: "an answer of HTTP/1.0", from: "envoy#4827",
		answer: server.Answer{Bytes: "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nok", Close: true}, see: plain, want: `200 "ok"`,
	},
	{
		name: "an answer without a length, until the end", from: "istio#28433",
		answer: server.Answer{Bytes: up + "200 OK\r\n\r\nok", Close: true}, see: plain, want: `200 "ok"`,
	},
	{
		name: "304 with a length", from: "envoy#10566",
		answer: writes(up, "304 Not Modified\r\nContent-Length: 1234\r\nETag: \"x\"\r\n\r\n"), see: see(field("ETag")), want: `304 ETag="x"`,
	},
	{
		name: "HEAD with a length", from: "linkerd#1071",
		answer: writes(up, "200 OK\r\nContent-Length: 1234\r\n\r\n"), send: func(p string) string { return request("HEAD "+p, "") },
		see: see(field("Content-Length"), body), want: `200 Content-Length=1234 ""`,
	},
	{
		name: "103 before the answer", from: "envoy#35263, envoy#25881",
		answer: writes(up, "103 Early Hints\r\nLink: </a.css>\r\n\r\n", ok("ok")), see: see(hint("Link"), body), want: `103 200 Link=</a.css> "ok"`,
	},
	{
		name: "102 before the answer", from: "envoy#19044",
		answer: writes(up, "102 Processing\r\n\r\n", ok("ok")), see: plain, want: `102 200 "ok"`,
	},
	{
		name: "status 600", from: "istio#20606",
		answer: writes(up, "600 Odd\r\nContent-Length: 2\r\n\r\nok"), see: plain, want: `600 "ok"`,
	},
	{
		name: "status 999", from: "istio#20606",
		answer: writes(up, "999 Odd\r\nContent-Length: 2\r\n\r\nok"), see: plain, want: `999 "ok"`,
	},
	{
		name: "keep-alive headers", from: "linkerd2#10090",
		answer: writes(ok("ok", "Connection: keep-alive", "Keep-Alive: timeout=5, max=100")), see: see(body, end), want: `200 "ok" then open`,
	},
	{
		name: "names of headers as they were spelt", from: "linkerd2#2878, linkerd2#3964, envoy#8463, envoy#14363, kuma#11093",
		answer: writes(ok("ok", "X-CamelCase: 1", "SOAPAction: y")), see: see(spelt("x-camelcase"), spelt("soapaction")),
		want: "200 spelt X-CamelCase spelt SOAPAction",
	},
	{
		name: "a Server and a Date of the application's own", from: "istio#13861, istio#36626",
		answer: writes(ok("ok", "Server: mine", "Date: Thu, 01 Jan 1970 00:00:00 GMT")), see: see(field("Server"), field("Date")),
		want: "200 Server=mine Date=Thu, 01 Jan 1970 00:00:00 GMT",
	},
	{
		name: "an answer without Date", from: "istio#13861, istio#36626",
		answer: writes(ok("ok")), see: see(count("Server"), count("X-Envoy-Upstream-Service-Time")), want: "200 0 of Server 0 of X-Envoy-Upstream-Service-Time",
	},
	{
		name: "a length is kept", from: "linkerd#1071",
		answer: writes(ok("ok")), see: see(field("Content-Length"), count("Transfer-Encoding")), want: "200 Content-Length=2 0 of Transfer-Encoding",
	},
	{
		name:   "a redirect",
		answer: writes(up, "302 Found\r\nLocation: http://app:8080/b//c\r\nContent-Length: 0\r\n\r\n"), see: see(field("Location")), want: "302 Location=http://app:8080/b//c",
	},
	{
		name:   "an answer and then a reset",
		answer: server.Answer{Bytes: up + "200 OK\r\nContent-Length: 9\r\n\r\nok", Reset: true}, see: nil, want: "200 reset",
		mesh: &Difference{"200 cut", "the client's own connection is closed, not reset; the body is short all the same"},
	},
	{
		name: "an answer that ends before its length", from: "linkerd2#6058",
		answer: server.Answer{Bytes: up + "200 OK\r\nContent-Length: 9\r\n\r\nok", Close: true}, see: nil, want: "200 cut",
	},
	{
		name: "chunks that end before their end", from: "linkerd2#6058",
		answer: server.Answer{Bytes: up + "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", Close: true}, see: nil, want: "200 cut",
	},
	{
		name: "no answer at all", from: "envoy#1979",
		answer: server.Answer{Close: true}, see: nil, want: "closed",
		mesh: &Difference{"503", "the sidecar says in HTTP what a closed connection says without words"},
	},
	{
		name: "a length of zero and chunks of nothing", from: "envoy#10566",
		answer: writes(up, "200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), see: plain, want: `200 ""`,
	},
	{
		name: "an encoding that the mesh must not touch", from: "linkerd#1071",
		answer: writes(ok("\x1f\x8b\x08zip", "Content-Encoding: gzip", "ETag: W/\"a\"", "Vary: *")), see: see(field("Content-Encoding"), field("ETag"), body),
		want: `200 Content-Encoding=gzip ETag=W/"a" "\x1f\x8b\bzip"`,
	},
}
