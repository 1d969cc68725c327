package table

import (
	"fmt"
	"strings"

	"github.com/weft-mesh/weft/test/compatibility/server"
)

// oddHeaders are lines that no well-behaved peer sends, or few do.
func oddHeaders() []string {
	return []string{
		"TE: gzip", "TE: trailers, deflate;q=0.5", "TE:", "Connection: close, x-a", "Connection: Host", "Connection: Content-Length",
		"Connection: ,,", "Connection: :path", "Keep-Alive: x", "Proxy-Connection: keep-alive", "Upgrade: h2c", "Upgrade:", "Connection: Upgrade\r\nUpgrade: x",
		"Transfer-Encoding: gzip", "Transfer-Encoding: identity", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: xchunked",
		"Transfer-Encoding: gzip, chunked", "Transfer-Encoding:\tchunked", "Transfer-Encoding: chunked\r\nContent-Length: 5",
		"Content-Length: -1", "Content-Length: +5", "Content-Length: 5, 5", "Content-Length: 5, 6", "Content-Length: 5\r\nContent-Length: 6",
		"Content-Length: 99999999999999999999", "Content-Length: 0x5", "Content-Length:", "Content-Length: 5 5", "Content-Length: five",
		":path: /x", ":status: 200", ":authority: other", ":method: POST", ":protocol: websocket", "X-A: b\r\n folded", "X-A: b\r\n\tfolded",
		"X-A\x00: b", "X-A: \x00", "X-A: \x7f", "X-A: \x01\x02", "X-A: a\rb", "X A: b", ": b", "X-A", "X-\xc3\x84: b", "X-A: \xff\xfe", "X-A : b", "(x): b",
		"Expect: 200-ok", "Expect: 100-continue", "Expect:", "Trailer: Content-Length", "Trailer: Transfer-Encoding", "HTTP2-Settings: AAA=",
		"Cookie: " + strings.Repeat("a=b; ", 1000), "Cookie:", "Cookie: ;;;", "Range: bytes=0-0,-1", "Max-Forwards: 0", "Via: 1.1 x",
		"X-Forwarded-Proto: ftp", "X-Forwarded-Proto:", "X-Forwarded-For: ,,,", "X-Forwarded-For: x", "X-Forwarded-Host: u@x", "X-Forwarded-Client-Cert: Hash=x;URI=spiffe://x",
		"X-Envoy-Upstream-Rq-Timeout-Ms: x", "X-Envoy-Max-Retries: 99999999999", "X-Envoy-Retry-On: x", "X-Envoy-Original-Path: /..", "X-Envoy-Decorator-Operation: x",
		"X-Envoy-Internal: true", "X-Envoy-External-Address: x", "X-Request-Id: \xc3\xa9", "Grpc-Timeout: 1n", "Grpc-Timeout: x", "Content-Type: application/grpc",
		"X-Weft-Dst: x", "X-Weft-Path: /", "X-Weft-Unprocessed: 1", "Early-Data: 1", "Date: x", "Server: x", "Age: -1",
		"X-Big: " + strings.Repeat("a", 59<<10), "X-Big: " + strings.Repeat("a", 100<<10), strings.Join(many(97, "X-H%d: v"), "\r\n"),
		strings.Join(many(110, "X-H%d: v"), "\r\n"), strings.Join(many(2000, "X-H%d: v"), "\r\n"), strings.Join(many(60, "X-Same: %d"), "\r\n"),
	}
}

// oddRequests are requests of HTTP/1.1, as bytes.
func oddRequests() []string {
	var all []string
	for _, host := range []string{
		"Host:", "Host: ", "Host: u@app", "Host: u:p@app", "Host: app:99999", "Host: app:x", "Host: app:", "Host: a b", "Host: [", "Host: [::1", "Host: a/b@c",
		"Host: \xc3\xa9", "Host: a,b", "Host: app\r\nHost: app", "Host: app\r\nHost: other", "Host: app\x00", "Host: *", "Host: .", "Host: app?x", "Host: app#x",
		"Host: http://app", "Host: " + strings.Repeat("a", 300), "X-No: Host", "Host: %61pp", "Host: app\\x", "Host: -", "Host: 1.2.3.4.5", "Host: ::1",
	} {
		all = append(all, head("GET /x HTTP/1.1", host))
	}
	for _, start := range []string{
		"GET /x HTTP/1.0", "GET /x HTTP/0.9", "GET /x", "GET /x HTTP/1.2", "GET /x HTTP/2.0", "GET /x HTTP/9.9", "GET /x http/1.1", "GET /x HTTP/1.1 ", "GET  /x HTTP/1.1",
		" GET /x HTTP/1.1", "GET\t/x\tHTTP/1.1", "GET HTTP/1.1", "get /x HTTP/1.1", "BREW /x HTTP/1.1", "PRI * HTTP/2.0", "CONNECT app:80 HTTP/1.1", "CONNECT /x HTTP/1.1",
		"TRACE /x HTTP/1.1", "OPTIONS * HTTP/1.1", "OPTIONS x HTTP/1.1", "GET * HTTP/1.1", "GET x HTTP/1.1", "GET ? HTTP/1.1", "GET # HTTP/1.1", "GET /a#b HTTP/1.1",
		"GET http:// HTTP/1.1", "GET http://u@app/x HTTP/1.1", "GET ftp://app/x HTTP/1.1", "GET http://app:99999/x HTTP/1.1", "GET http:///x HTTP/1.1",
		"GET //// HTTP/1.1", "GET /.. HTTP/1.1", "GET /%00 HTTP/1.1", "GET /\x00 HTTP/1.1", "GET /% HTTP/1.1", "GET /%zz HTTP/1.1", "GET /\xc3\xa9 HTTP/1.1", "GET /\xff HTTP/1.1",
		"GET /a b HTTP/1.1", "GET /a\\b HTTP/1.1", "GET /" + strings.Repeat("a/../", 3000) + " HTTP/1.1", "GET /" + strings.Repeat("a", 100<<10) + " HTTP/1.1",
		"POST /x HTTP/1.1", strings.Repeat("M", 300) + " /x HTTP/1.1", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "\x00\x00\x00\x00", "HTTP/1.1 200 OK",
	} {
		all = append(all, head(start, "Host: app"))
	}
	for _, header := range oddHeaders() {
		all = append(all, head("GET /x HTTP/1.1", "Host: app", header), head("POST /x HTTP/1.1", "Host: app", header)+"5\r\nhello\r\n0\r\n\r\n")
	}
	for _, body := range oddChunks() {
		all = append(all, head("POST /x HTTP/1.1", "Host: app", "Transfer-Encoding: chunked")+body)
	}
	return append(all,
		head("POST /x HTTP/1.1", "Host: app", "Content-Length: 100")+"abc",
		head("POST /x HTTP/1.0", "Host: app", "Transfer-Encoding: chunked")+"5\r\nhello\r\n0\r\n\r\n",
		get("/x")+"garbage\r\n\r\n", strings.Repeat(get("/x"), 100), strings.Repeat("\r\n", 100)+get("/x"),
		get("/x", append([]string{"TE: gzip"}, webSocket...)...), get("/x", "Connection: Upgrade", "Upgrade: websocket, h2c"),
	)
}

// oddChunks are bodies that say their length badly.
func oddChunks() []string {
	return []string{
		"x\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "5 \r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\r\n",
		"ffffffffffffffffff\r\nhello\r\n0\r\n\r\n", "5;" + strings.Repeat("a", 20<<10) + "\r\nhello\r\n0\r\n\r\n", "0\r\nX-A: b\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n",
		"0\r\n:path: /\r\n\r\n", "0\r\nX A: b\r\n\r\n", "0\r\n" + strings.Join(many(200, "X-T%d: v"), "\r\n") + "\r\n\r\n", "0\r\nX-Big: " + strings.Repeat("a", 70<<10) + "\r\n\r\n",
		"\r\n", "5\r\nhello\r\n00000\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
	}
}

// oddAnswers are answers of HTTP/1.1, as bytes, after each of which the server closes its connection.
func oddAnswers() []string {
	var all []string
	for _, start := range []string{
		"HTTP/1.1 1000 Odd", "HTTP/1.1 99 Odd", "HTTP/1.1 0 Odd", "HTTP/1.1 000 Odd", "HTTP/1.1 abc Odd", "HTTP/1.1 -1 Odd", "HTTP/1.1 20 Odd", "HTTP/1.1 2000000 Odd",
		"HTTP/1.1  200 OK", "HTTP/1.1", "HTTP/1.1 ", "HTTP/2.0 200 OK", "HTTP/0.9 200 OK", "HTTP/3 200 OK", "ICY 200 OK", "http/1.1 200 OK", "garbage", "\x00\x00\x00",
		"HTTP/1.1 101 Switching Protocols", "HTTP/1.1 100 Continue", "HTTP/1.1 199 Odd", "HTTP/1.1 204 No", "HTTP/1.1 205 Reset", "HTTP/1.1 304 Not", "HTTP/1.1 200 \x01",
		"HTTP/1.1 200 " + strings.Repeat("r", 10<<10), "HTTP/1.1 407 Proxy", "HTTP/1.1 421 Misdirected", "HTTP/1.1 425 Early", "HTTP/1.1 599 Odd",
	} {
		all = append(all, head(start, "Content-Length: 2")+"ok")
	}
	for _, header := range oddHeaders() {
		all = append(all, head("HTTP/1.1 200 OK", "Content-Length: 2", header)+"ok", head("HTTP/1.1 200 OK", header)+"ok")
	}
	for _, body := range oddChunks() {
		all = append(all, head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")+body)
	}
	return append(all,
		ok("ok")+"more than was said", ok("ok")+ok("unasked"), strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100)+ok("ok"),
		strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 100)+ok("ok"), "HTTP/1.1 200 OK\r\nContent-Le", "\r\n\r\n"+ok("ok"), "",
	)
}

func oddAnswerName(i int) string { return fmt.Sprintf("odd answer %d", i) }

func oddAnswerRequests() []string {
	var all []string
	for i := range oddAnswers() {
		all = append(all, get(path(oddAnswerName(i))))
	}
	return all
}

// addOddAnswers puts the odd answers where the server finds them.
func addOddAnswers(all map[string]server.Answer) {
	for i, text := range oddAnswers() {
		all[slug(oddAnswerName(i))] = server.Answer{Bytes: text, Close: true}
	}
}
