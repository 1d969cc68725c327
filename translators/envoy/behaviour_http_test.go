//go:build linux

package envoy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// echo is an application that answers with the request as it came in.
type echo struct {
	Name   string
	Proto  string
	Method string
	Path   string // with query, as on the wire
	Host   string
	Header http.Header
	Remote string
}

// echoes serves HTTP on a port of the pod.
func (p *pod) echoes(address string) {
	p.t.Helper()
	l := p.listen(address)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(echo{p.name, r.Proto, r.Method, r.RequestURI, r.Host, r.Header, r.RemoteAddr})
	}), Protocols: &http.Protocols{}}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	go s.Serve(l)
	p.t.Cleanup(func() { s.Close() })
}

// answer is what a caller got.
type answer struct {
	status int
	header http.Header
	body   string
	echo   echo
}

func ask(t *testing.T, c *http.Client, method, url string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if strings.EqualFold(header[i], "host") {
			r.Host = header[i+1]
		}
		r.Header.Add(header[i], header[i+1])
	}
	response, err := c.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(body)}
	json.Unmarshal(body, &a.echo) // not all answers are the application's
	return a
}

var anybody = model.Policy{AllowAll: true}

func TestRequestCrossesTheMesh(t *testing.T) {
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.echoes("0.0.0.0:8080")
	server.echoes("0.0.0.0:9090")
	server.sidecar("web", views{inbound: model.Inbound{MTLS: model.MTLSStrict, Ports: []model.InboundPort{
		{Port: 8080, Protocol: model.ProtocolHTTP, Policy: model.Policy{Callers: []model.Caller{{Identity: account("front"), Any: true}}}},
		{Port: 9090, Protocol: model.ProtocolHTTP2, Policy: model.Policy{Callers: []model.Caller{{Identity: account("front"), Any: true}}}},
	}}})
	web := service{port("shop", "web", 80), model.ProtocolHTTP, "198.19.0.1", []model.Identity{account("web")}, []model.Endpoint{server.meshed(8080)}}
	web2 := service{port("shop", "grpc", 80), model.ProtocolHTTP2, "198.19.0.2", []model.Identity{account("web")}, []model.Endpoint{server.meshed(9090)}}
	client.sidecar("front", views{}.calls(web).calls(web2))

	got := ask(t, client.client, "GET", "http://198.19.0.1/a?b=c", "x-weft-dst", "198.19.0.9:80", "x-weft-path", "/z", "x-weft-path", "/y",
		"x-forwarded-client-cert", "URI=spiffe://weft.test/ns/shop/sa/king")
	t.Logf("%+v", got)
	got = ask(t, client.newClient2(), "POST", "http://198.19.0.2/a?b=c")
	t.Logf("%+v", got)
	got = ask(t, client.client, "GET", "http://"+server.addr4.String()+":8080/")
	t.Logf("%+v", got)
}
