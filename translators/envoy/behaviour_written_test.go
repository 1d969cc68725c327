//go:build linux

package envoy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// answers serves HTTP/1.1 as bytes: what it was asked for picks the answer, which
// is written as it is. Other than Go's own server it knows no HTTP/2, and does
// as it is told. It answers an unknown path with 200 and the request's head.
func (p *pod) answers(address string, answers map[string]string) {
	p.serveEach(address, func(c net.Conn) { answerRaw(c, answers) })
}

func answerRaw(c net.Conn, answers map[string]string) {
	in := bufio.NewReader(c)
	for {
		head, err := readHead(in)
		if err != nil {
			return
		}
		if strings.HasPrefix(head, "PRI * HTTP/2.0") {
			io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
			return
		}
		path := strings.Split(head, " ")[1]
		if strings.Contains(head, "chunked") {
			trailers, err := readChunks(in)
			if err != nil {
				return
			}
			head += trailers
		}
		answer, ok := answers[path]
		if !ok {
			answer = fmt.Sprintf("HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s", len(head), head)
		}
		if _, err := io.WriteString(c, answer); err != nil || strings.Contains(answer, "\r\nconnection: close") {
			return
		}
	}
}

func readHead(in *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(line) == "" {
			return head.String(), nil
		}
		head.WriteString(line)
	}
}

// readChunks reads a chunked body of small chunks, and gives its trailers.
func readChunks(in *bufio.Reader) (string, error) {
	for {
		size, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(size) == "0" {
			return readHead(in)
		}
		if _, err := in.ReadString('\n'); err != nil {
			return "", err
		}
	}
}

// exchange sends bytes and reads all that comes back until the connection ends.
func (p *pod) exchange(t *testing.T, address, request string) string {
	t.Helper()
	c, err := p.dial(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second)) // what never ends is a failure too
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("%.60q: after %d bytes: %v", request, len(got), err)
	}
	return string(got)
}

// HTTP passes as it is written, to an application that knows HTTP/1.1 alone: as a
// pod of the mesh, and as one outside of it beside.
func TestHTTPAsItIsWritten(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, outside, client := m.pod("server"), m.pod("outside"), m.pod("client")
	many := strings.Repeat("x-many: 1\r\n", 200)
	long := strings.Repeat("x-long: "+strings.Repeat("l", 1000)+"\r\n", 100)
	tooMany := strings.Repeat("x-many: 1\r\n", 300)
	answers := map[string]string{
		"/trailers": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 1\r\n\r\n",
		"/many":     "HTTP/1.1 200 OK\r\n" + many + "content-length: 2\r\n\r\nhi",
		"/long":     "HTTP/1.1 200 OK\r\n" + long + "content-length: 2\r\n\r\nhi",
		"/too-many": "HTTP/1.1 200 OK\r\n" + tooMany + "content-length: 2\r\n\r\nhi",
		"/refuses":  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplain",
		"/accepts":  "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n\x81\x02hi",
		"/status":   "HTTP/1.1 1000 Odd\r\ncontent-length: 0\r\n\r\n",
	}
	server.answers(":8080", answers)
	outside.answers(":8080", answers)
	server.sidecar("web", views{inbound: serves(model.ProtocolHTTP, allow("front"), 8080)})
	alone := model.Endpoint{Addr: outside.meshed(8080).Addr}
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))).calls(web("198.19.0.2", alone)).
		calls(web("198.19.0.3", server.meshed(8080), alone)))

	const end = "connection: close\r\n\r\n"
	get := func(path, more string) string { return "GET " + path + " HTTP/1.1\r\nhost: web\r\n" + more + end }
	upgrade := "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n"
	for _, c := range []struct {
		name, request, status string
		contains              []string
	}{
		{"an offer of TLS is ignored", "GET / HTTP/1.1\r\nhost: web\r\nupgrade: TLS/1.2\r\nconnection: upgrade, close\r\n\r\n", "200", []string{"GET / HTTP/1.1"}},
		{"so is one of HTTP/2", "GET / HTTP/1.1\r\nhost: web\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\nconnection: Upgrade, HTTP2-Settings, close\r\n\r\n", "200", nil},
		{"HTTP/1.0 without a host", "GET /old HTTP/1.0\r\n\r\n", "200", []string{"GET /old HTTP/1.1"}},
		{"HTTP/1.0 with one", "GET /old HTTP/1.0\r\nhost: web\r\n\r\n", "200", []string{"host: web"}},
		{"a request's trailers", "POST /in HTTP/1.1\r\nhost: web\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\nconnection: close\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 1\r\n\r\n", "200", []string{"x-sum: 1"}},
		{"an answer's trailers", get("/trailers", ""), "200", []string{"x-sum: 1"}},
		{"200 headers of a request", get("/in", many), "200", []string{"x-many: 1"}},
		{"100 kB of them", get("/in", long), "200", []string{"x-long: l"}},
		{"too many", get("/in", tooMany), "431", []string{"weft: the caller's sidecar answers", "256 lines or 128 kB"}},
		{"200 headers of an answer", get("/many", ""), "200", []string{"x-many: 1"}},
		{"100 kB of those", get("/long", ""), "200", []string{"x-long: l"}},
		{"too many of those", get("/too-many", ""), "502", []string{"weft: the caller's sidecar answers", "256 lines or 128 kB"}},
		{"an upgrade that is accepted", "GET /accepts HTTP/1.1\r\nhost: web\r\n" + upgrade + "connection: Upgrade\r\n\r\n", "101", []string{"\x81\x02hi"}},
		{"one that is answered with 200", "GET /refuses HTTP/1.1\r\nhost: web\r\n" + upgrade + "connection: Upgrade, close\r\n\r\n", "200", []string{"content-length: 0"}}, // Envoy drops the body
		{"a status that there is not", get("/status", ""), "1000", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, where := range []string{"in the mesh 198.19.0.1:80", "outside of it 198.19.0.2:80", "both 198.19.0.3:80", "both 198.19.0.3:80"} {
				to := where[strings.LastIndex(where, " ")+1:]
				if c.status == "101" { // neither side ends it
					got := client.raw(t, to, strings.Replace(c.request, "/accepts", "/refuses", 1))
					if got.status != http.StatusOK {
						t.Errorf("%s: got %+v", where, got)
					}
					client.upgrades(t, to, c.request)
					continue
				}
				got := client.exchange(t, to, c.request)
				if version := c.request[strings.Index(c.request, "HTTP/1."):][:len("HTTP/1.1")]; !strings.HasPrefix(got, version+" "+c.status+" ") {
					t.Errorf("%s: got %.200q, want %s", where, got, c.status)
				}
				for _, part := range c.contains {
					if !strings.Contains(got, part) {
						t.Errorf("%s: %q is not in %.400q", where, part, got)
					}
				}
			}
		})
	}
}

// upgrades asks for a WebSocket and reads its first frame.
func (p *pod) upgrades(t *testing.T, address, request string) {
	t.Helper()
	c, err := p.dial(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, request)
	in := bufio.NewReader(c)
	head, err := readHead(in)
	frame := make([]byte, 4)
	if _, frameErr := io.ReadFull(in, frame); err != nil || frameErr != nil || !strings.HasPrefix(head, "HTTP/1.1 101 ") || string(frame) != "\x81\x02hi" {
		t.Errorf("%s: got %q and %q, %v, %v", address, head, frame, err, frameErr)
	}
}

// A message that HTTP/1 takes and HTTP/2 does not ends nobody's requests but its
// own.
func TestAnOddMessageEndsItselfAlone(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	asked, release := make(chan struct{}), make(chan struct{})
	server.holds(":8080", asked, release, map[string]string{
		"/te":     "HTTP/1.1 200 OK\r\nte: gzip\r\ncontent-length: 0\r\n\r\n",
		"/status": "HTTP/1.1 1000 Odd\r\ncontent-length: 0\r\n\r\n",
		"/length": "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
	})
	server.sidecar("web", views{inbound: serves(model.ProtocolHTTP, allow("front"), 8080)})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))))

	const others = 6
	answers := make(chan string, others)
	for range others {
		go func() {
			answers <- client.exchange(t, "198.19.0.1:80", "GET /hold HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n")
		}()
	}
	for range others {
		<-asked // all are at the application
	}
	for _, odd := range []string{
		"GET / HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nhost: \t\r\nconnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nhost: u@app\r\nconnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nhost: web\r\nte: gzip\r\nconnection: close\r\n\r\n",
		"GET /te HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n",
		"GET /status HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n",
		"GET /length HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n",
	} {
		if got := client.exchange(t, "198.19.0.1:80", odd); !strings.HasPrefix(got, "HTTP/1.1 ") {
			t.Errorf("%q: got %q", odd, got)
		}
	}
	close(release)
	for range others {
		if got := <-answers; !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Errorf("another request got %.200q", got)
		}
	}
}

// holds tells when it is asked for /hold, which it answers once it is released;
// anything else as answers does.
func (p *pod) holds(address string, asked, release chan struct{}, answers map[string]string) {
	p.serveEach(address, func(c net.Conn) {
		in := bufio.NewReader(c)
		first, err := in.Peek(len("GET /hold"))
		if err == nil && string(first) == "GET /hold" {
			asked <- struct{}{}
			<-release
		}
		answerRaw(buffered{c, in}, answers)
	})
}

// buffered is a connection of which some was read already.
type buffered struct {
	net.Conn
	in *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.in.Read(p) }

// Who keeps a connection to an address that no Service has any more is refused,
// and sooner or later told to open another.
func TestAnAddressWithoutRoutesIsRefused(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.answers(":8080", nil)
	server.sidecar("web", views{inbound: serves(model.ProtocolHTTP, allow("front"), 8080)})
	with := views{}.calls(web("198.19.0.1", server.meshed(8080)))
	client.sidecar("front", with)
	c, err := client.dial(context.Background(), "198.19.0.1:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(c)
	ask := func() *http.Response {
		io.WriteString(c, "GET / HTTP/1.1\r\nhost: web\r\n\r\n")
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, r.Body)
		return r
	}
	if r := ask(); r.StatusCode != http.StatusOK || r.Close {
		t.Fatalf("got %+v", r)
	}
	without := with
	without.outbound = nil
	client.publishAndWait(without)
	if r := ask(); r.StatusCode != http.StatusForbidden {
		t.Errorf("got %+v", r)
	}
}

// stat reads a counter of the sidecar's.
func (p *pod) stat(t *testing.T, name string) int {
	t.Helper()
	r, err := p.client.Get("http://127.0.0.1:15000/stats?filter=" + url.QueryEscape("^"+regexp.QuoteMeta(name)+"$"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var value int
	if _, err := fmt.Fscanf(r.Body, name+": %d", &value); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}

// A port that another Service calls TCP goes on with its requests.
func TestAPortThatGainsTCPDrainsNothing(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.echoes(":8080")
	in := serves(model.ProtocolHTTP, allow("front"), 8080)
	server.sidecar("web", views{inbound: in})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))))
	ask(t, client.client, "GET", "http://198.19.0.1/")
	both := serves(model.ProtocolHTTP, allow("front"), 8080)
	tcp := allow("front")
	both.Ports[0].TCP = &tcp
	for range 3 {
		for _, v := range []model.Inbound{both, in} {
			server.publishAndWait(views{inbound: v})
			if got := ask(t, client.client, "GET", "http://198.19.0.1/"); got.status != http.StatusOK {
				t.Fatalf("got %+v", got)
			}
		}
	}
	// A connection that is drained is closed after its next answer.
	if n := client.stat(t, "cluster.outbound|shop/web-198-19-0-1|80.upstream_cx_total"); n != 1 {
		t.Errorf("%d connections were opened, want 1", n)
	}
}
