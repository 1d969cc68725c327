package table

import (
	"fmt"
	"strings"
)

// many are n headers of a form such as "X-H%d: v".
func many(n int, form string) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(form, i))
	}
	return all
}

// long is a header with a value of n bytes.
func long(name string, n int) string { return name + ": " + strings.Repeat("a", n) }

// requestRow is a request that the server echoes.
type requestRow struct {
	name, from string
	send       string
	see        []view
	want       string
	mesh       *Difference
}

func (r requestRow) row() Case {
	x := exchange{send: r.send, see: r.see, answers: 1}
	return Case{Name: r.name, From: r.from, Do: x.do, Want: r.want, Mesh: r.mesh}
}

// requests are the cases of requestRows.
func requests() []Case { return cases(requestRows, requestRow.row) }

const (
	http10 = "GET /x HTTP/1.0"
)

// requestRows are what clients send that is unusual and right, or wrong and taken by most servers.
var requestRows = []requestRow{
	{
		name: "HTTP/1.0 without Host", from: "envoy#4827, istio#34956",
		send: head(http10), see: see(seen(sawBody), end), want: "200 server: 0 bytes then closed",
	},
	{
		name: "HTTP/1.0 with Host", from: "istio#15250",
		send: head(http10, "Host: app"), see: see(seen(sawField("Host")), end), want: "200 server: Host=app then closed",
	},
	{
		name: "Host with an underscore and a port", from: "istio#6773, istio#21384",
		send: head("GET /x HTTP/1.1", "Host: my_app:8080"), see: see(seen(sawField("Host"))), want: "200 server: Host=my_app:8080",
	},
	{
		name: "Host is an IPv6 address",
		send: head("GET /x HTTP/1.1", "Host: [::1]:8080"), see: see(seen(sawField("Host"))), want: "200 server: Host=[::1]:8080",
	},
	{
		name: "Host with a final dot and capitals",
		send: head("GET /x HTTP/1.1", "Host: App.Example."), see: see(seen(sawField("Host"))), want: "200 server: Host=App.Example.",
	},
	{
		name: "absolute form", from: "envoy#19794",
		send: head("GET http://app/x?y HTTP/1.1", "Host: app"), see: see(seen(sawField("Host"))), want: "200 server: Host=app",
	},
	{
		name: "150 headers", from: "envoy#13827",
		send: get("/x", many(150, "X-H%d: v")...), see: see(seen(sawField("X-H149"))), want: "200 server: X-H149=v",
	},
	{
		name: "a header of 62 kB", from: "istio#52006, envoy#11774",
		send: get("/x", long("X-Big", 62<<10)), see: see(seen(sawSize("X-Big"))), want: "200 server: X-Big of 63488 bytes",
	},
	{
		name: "a query of 20 kB",
		send: get("/x?" + strings.Repeat("q", 20<<10)), see: see(seen(sawLength)),
		want: "200 server: 20496 bytes of start line",
	},
	{
		name: "the same header three times",
		send: get("/x", "X-A: 1", "X-A: 2", "x-a: 3"), see: see(seen(sawField("X-A"))), want: "200 server: X-A=1|2|3",
	},
	{
		name: "an empty header",
		send: get("/x", "X-Empty:"), see: see(seen(sawCount("X-Empty"))), want: "200 server: 1 of X-Empty",
	},
	{
		name: "UTF-8 in a header", from: "istio#28433",
		send: get("/x", "X-Name: résumé"), see: see(seen(sawField("X-Name"))), want: "200 server: X-Name=résumé",
	},
	{
		name: "a name with an underscore", from: "gateway#3047, gateway#8351",
		send: get("/x", "x_user_id: 7"), see: see(seen(sawField("x_user_id"))), want: "200 server: x_user_id=7",
	},
	{
		name: "cookies in two headers", from: "flagger#88",
		send: get("/x", "Cookie: a=b", "Cookie: c=d"), see: see(seen(sawField("Cookie"))), want: "200 server: Cookie=a=b|c=d",
	},
	{
		name: "a Host that is somebody else's", from: "istio#30347, istio#41715, istio#11670, osm#3283",
		send: head("GET /x HTTP/1.1", "Host: www.example.com"), see: see(seen(sawField("Host"))), want: "200 server: Host=www.example.com",
	},
	{
		name: "a Referer whose host has an underscore", from: "envoy#43825",
		send: get("/x", "Referer: http://my_host.example/y"), see: see(seen(sawField("Referer"))), want: "200 server: Referer=http://my_host.example/y",
		mesh: &Difference{"200 server: Referer=", "Envoy takes away a Referer that its strict reading of URLs refuses (envoy#43825)"},
	},
	{
		name: "names of a request's headers as they were spelt", from: "linkerd2#2878, linkerd2#3964, envoy#8463, kuma#11093",
		send: get("/x", "SOAPAction: y", "X-CamelCase: 1"), see: see(seen(sawSpelling("soapaction")), seen(sawSpelling("x-camelcase"))),
		want: "200 server: SOAPAction server: X-CamelCase",
	},
	{
		name: "headers of the connection", from: "linkerd2#10090",
		send: get("/x", "Connection: keep-alive", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive"), see: see(), want: "200",
	},
	{
		name: "a GET says nothing of a body", from: "linkerd2#402, linkerd2#447",
		send: get("/x"), see: see(seen(sawCount("Transfer-Encoding")), seen(sawCount("Content-Length"))),
		want: "200 server: 0 of Transfer-Encoding server: 0 of Content-Length",
	},
	{
		name: "an X-Forwarded-For of the client's", from: "istio#35486",
		send: get("/x", "X-Forwarded-For: 192.0.2.7"), see: see(seen(sawField("X-Forwarded-For"))), want: "200 server: X-Forwarded-For=192.0.2.7",
	},
	{
		name: "an empty X-Forwarded-Proto", from: "envoy#4827",
		send: get("/x", "X-Forwarded-Proto:"), see: see(), want: "200",
		mesh: &Difference{"403", "to Envoy it is a request of no scheme, for which there is no route"},
	},
	{
		name: "X-Forwarded-Proto of an outer proxy", from: "istio#15250",
		send: get("/x", "X-Forwarded-Proto: https"), see: see(seen(sawField("X-Forwarded-Proto"))), want: "200 server: X-Forwarded-Proto=https",
	},
	{
		name: "headers of Envoy's own from a client", from: "istio#14923",
		send: get("/x", "x-request-id: mine"), see: see(seen(sawField("x-request-id"))), want: "200 server: x-request-id=mine",
	},
	{
		name: "Authorization and Proxy-Authorization",
		send: get("/x", "Authorization: Basic eDp5", "Proxy-Authorization: Basic eDp5"), see: see(seen(sawField("Authorization")), seen(sawField("Proxy-Authorization"))),
		want: "200 server: Authorization=Basic eDp5 server: Proxy-Authorization=Basic eDp5",
	},
	{
		name: "TE: trailers", from: "istio#31458",
		send: get("/x", "TE: trailers", "Connection: TE"), see: see(), want: "200",
	},
	{
		name: "a GET with a body", from: "linkerd2#3310",
		send: request("GET /x", "hello"), see: see(seen(sawBody)), want: "200 server: 5 bytes",
	},
	{
		name: "a DELETE with a body", from: "linkerd2#447",
		send: request("DELETE /x", "hello"), see: see(seen(sawBody)), want: "200 server: 5 bytes",
	},
	{
		name: "a POST without a length", from: "linkerd2#447",
		send: request("POST /x", ""), see: see(seen(sawBody)), want: "200 server: 0 bytes",
	},
	{
		name: "HEAD",
		send: request("HEAD /x", ""), see: see(count("Content-Length"), body), want: `200 1 of Content-Length ""`,
	},
	{
		name: "methods of WebDAV",
		send: request("PROPFIND /x", ""), see: see(seen(sawStart)), want: "200 server: PROPFIND /x HTTP/1.1",
	},
	{
		name: "the method QUERY", from: "envoy#8247",
		send: request("QUERY /x", ""), see: see(seen(sawStart)), want: "200 server: QUERY /x HTTP/1.1",
		mesh: &Difference{`400 server: ""`, "Envoy's parser of HTTP/1.1 does not know the method"},
	},
	{
		name: "OPTIONS *", from: "envoy#28481",
		send: request("OPTIONS *", ""), see: see(seen(sawStart)), want: "200 server: OPTIONS * HTTP/1.1",
		mesh: &Difference{`404 server: ""`, "Envoy routes by paths, and `*` is none"},
	},
	{
		name: "lines that end in LF alone",
		send: "GET /x HTTP/1.1\nHost: app\n\n", see: see(), want: "200",
	},
	{
		name: "an empty line before the request",
		send: "\r\n" + get("/x"), see: see(), want: "200",
	},
}

func see(views ...view) []view { return views }

// cases are the rows of a table.
func cases[R any](rows []R, row func(R) Case) []Case {
	all := make([]Case, len(rows))
	for i, r := range rows {
		all[i] = row(r)
	}
	return all
}
