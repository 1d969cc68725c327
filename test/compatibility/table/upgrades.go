package table

import "github.com/weft-mesh/weft/test/compatibility/server"

var webSocket = []string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"

// connectName is the row that the server finds by its method, as the target of CONNECT is no path.
const connectName = "CONNECT"

func asWebSocket(path string) string { return get(path, webSocket...) }

// upgradeRows are answers to a client that asks for another protocol, or to one that does not.
var upgradeRows = []answerRow{
	{
		name: "WebSocket accepted", from: "istio#824, istio#10114, istio#7058, linkerd2#195",
		answer: server.Answer{Bytes: switching, Upgrade: true}, send: asWebSocket,
		see: see(field("Sec-WebSocket-Accept"), tail("\x81\x05hello")), want: `101 Sec-WebSocket-Accept=x then "\x81\x05hello"`,
	},
	{
		name: "WebSocket whose server speaks at once", from: "envoy#5595",
		answer: server.Answer{Bytes: switching + "\x81\x02hi", Upgrade: true}, send: asWebSocket,
		see: see(tail("\x81\x02yo")), want: `101 then "\x81\x02hi"`,
	},
	{
		name: "WebSocket that is offered twice", from: "istio#29427",
		answer: server.Answer{Bytes: switching, Upgrade: true},
		send: func(p string) string {
			return get(p, "Connection: Upgrade", "Upgrade: websocket,websocket", webSocket[2], webSocket[3])
		},
		see: see(tail("hello")), want: `101 then "hello"`,
		mesh: &Difference{"403 and no way opened", "to Envoy it is an upgrade of another name than WebSocket's"},
	},
	{
		name: "an upgrade of the application's own", from: "istio#50980, linkerd2#1126",
		answer: server.Answer{Bytes: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: own\r\nConnection: Upgrade\r\n\r\n", Upgrade: true},
		send:   func(p string) string { return request("POST "+p, "", "Connection: Upgrade", "Upgrade: own") },
		see:    see(tail("hello")), want: `101 then "hello"`,
		mesh: &Difference{"200 and no way opened", "only WebSocket is an upgrade; the application is not told that another was offered. A port of such a protocol is `tcp`"},
	},
	{
		name: connectName, from: "linkerd2#6035, linkerd2#8539",
		answer: server.Answer{Bytes: "HTTP/1.1 200 Connection established\r\n\r\n", Upgrade: true},
		send:   func(string) string { return head("CONNECT tunnel.example:443 HTTP/1.1", "Host: tunnel.example:443") },
		see:    see(tail("hello")), want: `200 then "hello"`,
		mesh: &Difference{"403 and no way opened", "a way through a proxy goes past every rule about requests. A port of a forward proxy is `tcp`"},
	},
	{
		name: "WebSocket answered 200", from: "envoy#5595, envoy#46959, linkerd2#8891",
		answer: writes(ok("plain")), send: asWebSocket, see: see(body), want: `200 "plain"`,
		mesh: &Difference{`200 ""`, noBody},
	},
	{
		name: "WebSocket answered 401", from: "envoy#29071",
		answer: writes("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 4\r\n\r\nnope"), send: asWebSocket,
		see: see(field("WWW-Authenticate"), body), want: `401 WWW-Authenticate=Basic realm="x" "nope"`,
	},
	{
		name: "WebSocket answered 302", from: "envoy#29071",
		answer: writes("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), send: asWebSocket, see: see(field("Location")), want: "302 Location=/elsewhere",
	},
	{
		name: "WebSocket answered 426", from: "envoy#29071",
		answer: writes("HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 4\r\n\r\nnope"), send: asWebSocket, see: see(body), want: `426 "nope"`,
	},
	{
		name: "an answer that offers an upgrade", from: "istio#28433",
		answer: writes("HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2,h2c\r\nContent-Length: 2\r\n\r\nok"), see: see(body), want: `200 "ok"`,
	},
}

// offerRows are upgrades that a client offers with any request and that the server does not take.
var offerRows = []struct {
	name, from string
	header     []string
	paused     bool // Envoy takes it for a handshake of WebSocket
}{
	{"TLS/1.2", "istio#53239, envoy#36305, dropwizard#9597, wiremock#2948", []string{"Connection: Upgrade", "Upgrade: TLS/1.2"}, false},
	{"TLS/1.0 and HTTP/1.1", "envoy#36305", []string{"Connection: keep-alive, Upgrade", "Upgrade: TLS/1.0, HTTP/1.1"}, false},
	{"h2c", "istio#16391", []string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"}, false},
	{"h2c or WebSocket", "envoy#36305", []string{"Connection: Upgrade", "Upgrade: h2c, websocket"}, true},
	{"SPDY", "envoy#36305", []string{"Connection: Upgrade", "Upgrade: SPDY/3.1"}, false},
	{"TLS/1.2 without Connection", "istio#53239", []string{"Upgrade: TLS/1.2"}, false},
	{"WebSocket to who knows none", "envoy#5595", webSocket, true},
}

// noBody and noRequestBody are what Envoy makes of a handshake that fails.
const (
	noBody        = "Envoy drops the body of a 200 that does not accept the upgrade; its status and headers arrive"
	noRequestBody = "Envoy holds back the body of a request that asks for WebSocket until the server has accepted"
)

// upgrades are offers of another protocol, and what becomes of them.
func upgrades() []Case {
	all := cases(upgradeRows, answerRow.row)
	for _, o := range offerRows {
		for _, method := range []string{"GET", "POST"} {
			text := ""
			if method == "POST" {
				text = "hello"
			}
			x := exchange{send: request(method+" /x", text, o.header...), see: see(seen(sawBody))}
			var mesh *Difference
			switch {
			case o.paused && method == "GET":
				mesh = &Difference{`200 server: ""`, noBody}
			case o.paused:
				mesh = &Difference{"open", noRequestBody}
			}
			all = append(all, Case{
				Name: "offer of " + o.name + " with a " + method, From: o.from, Do: x.do, Want: "200 server: " + itoa(len(text)) + " bytes", Mesh: mesh,
			})
		}
	}
	return all
}
