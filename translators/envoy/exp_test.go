//go:build linux

package envoy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// greets serves a protocol in which the server speaks first.
func (p *pod) greets(address string) net.Listener {
	l := p.listen(address)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				fmt.Fprintf(c, "hello from %s to %s\n", p.name, c.RemoteAddr())
				io.Copy(c, c)
			}()
		}
	}()
	return l
}

func (p *pod) talk(address string) string {
	start := time.Now()
	c, err := p.dial(context.Background(), address)
	if err != nil {
		return fmt.Sprintf("dial: %v (%s)", err, time.Since(start))
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(guard))
	line, err := bufio.NewReader(c).ReadString('\n')
	return fmt.Sprintf("%q %v (%s)", line, err, time.Since(start))
}

func (p *pod) talkFirst(address string) string {
	start := time.Now()
	c, err := p.dial(context.Background(), address)
	if err != nil {
		return fmt.Sprintf("dial: %v (%s)", err, time.Since(start))
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(guard))
	_, werr := fmt.Fprintf(c, "ping\n")
	line, err := bufio.NewReader(c).ReadString('\n')
	return fmt.Sprintf("write %v read %q %v (%s)", werr, line, err, time.Since(start))
}

func TestExpDirect(t *testing.T) {
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.greets("0.0.0.0:5432")
	server.greets("[::]:5433")
	server.greets("0.0.0.0:7000")
	server.echoes("0.0.0.0:8080")
	allow := model.Policy{Callers: []model.Caller{{Identity: account("front"), Any: true}}}
	server.sidecar("web", views{inbound: model.Inbound{MTLS: model.MTLSStrict, Ports: []model.InboundPort{
		{Port: 5432, Protocol: model.ProtocolTCP, Policy: allow},
		{Port: 5433, Protocol: model.ProtocolTCP, Policy: allow},
		{Port: 7000, Protocol: model.ProtocolTCP},
		{Port: 8080, Protocol: model.ProtocolHTTP, Policy: allow},
	}}})
	v := views{}
	v.listener.Pods = []netip.Prefix{netip.PrefixFrom(server.addr4, 32), netip.PrefixFrom(server.addr6, 128), netip.MustParsePrefix("198.18.80.200/32")}
	for _, a := range []string{server.addr4.String() + ":5432", server.addr4.String() + ":7000", server.addr4.String() + ":8080", "[" + server.addr6.String() + "]:5433"} {
		m.direct(model.DirectCluster{Addr: netip.MustParseAddrPort(a), Identities: []model.Identity{account("web")}, TrustDomain: trustDomain})
	}
	client.sidecar("front", v)
	t.Log("direct", client.talk(server.addr4.String()+":5432"))
	t.Log("direct again", client.talk(server.addr4.String()+":5432"))
	t.Log("direct 6", client.talk("["+server.addr6.String()+"]:5433"))
	t.Log("denied first", client.talk(server.addr4.String()+":7000"))
	t.Log("denied talkfirst", client.talkFirst(server.addr4.String()+":7000"))
	t.Log("unknown", client.talk(server.addr4.String()+":9999"))
	t.Log("unknown", client.talk(server.addr4.String()+":9999"))
	t.Log("loop 15006", client.talkFirst(server.addr4.String()+":15006"))
	t.Log("metrics", func() any {
		r, err := client.client.Get("http://" + server.addr4.String() + ":15020/stats/prometheus")
		return fmt.Sprint(r != nil, err)
	}())
	t.Logf("%+v", ask(t, client.client, "GET", "http://"+server.addr4.String()+":8080/x"))
	stranger := m.pod("stranger")
	t.Log("stranger tcp", stranger.talk(server.addr4.String()+":5432"))
	t.Log("stranger tcp first", stranger.talkFirst(server.addr4.String()+":5432"))
	t.Log("stranger 15006", stranger.talkFirst(server.addr4.String()+":15006"))
	t.Log("stranger 15001", stranger.talkFirst(server.addr4.String()+":15001"))
	t.Log("self 15001", server.talkFirst("127.0.0.1:15001"))
	t.Log("stranger other", stranger.talkFirst(server.addr4.String()+":3333"))
}

func TestExpSelfAndUnprocessed(t *testing.T) {
	m := newMesh(t)
	server, second, client := m.pod("server"), m.pod("second"), m.pod("client")
	server.echoes("0.0.0.0:8080")
	allow := model.Policy{Callers: []model.Caller{{Identity: account("front"), Any: true}, {Identity: account("web"), Any: true}}}
	in := model.Inbound{MTLS: model.MTLSStrict, Ports: []model.InboundPort{{Port: 8080, Protocol: model.ProtocolHTTP, Policy: allow}}}
	web := service{port("shop", "web", 80), model.ProtocolHTTP, "198.19.0.1", []model.Identity{account("web")}, []model.Endpoint{server.meshed(8080)}}
	both := web
	both.endpoints = []model.Endpoint{server.meshed(8080), second.meshed(8080)}
	dead := service{port("shop", "dead", 80), model.ProtocolHTTP, "198.19.0.2", []model.Identity{account("web")}, []model.Endpoint{second.meshed(8080)}}
	server.sidecar("web", views{inbound: in}.calls(web))
	second.sidecar("web", views{inbound: in}.calls(web))
	client.sidecar("front", views{}.calls(both).calls(dead))
	t.Logf("self %+v", ask(t, server.client, "GET", "http://198.19.0.1/x"))
	for range 10 {
		a := ask(t, client.client, "GET", "http://198.19.0.1/x")
		t.Logf("both %d %v %s", a.status, a.header, a.body)
	}
	t.Logf("dead %+v", ask(t, client.client, "GET", "http://198.19.0.2/x"))
}

func TestExpPaths(t *testing.T) {
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.echoes("0.0.0.0:8080")
	allow := model.Policy{Callers: []model.Caller{{Identity: account("front"), Routes: []model.AllowedRoute{{Name: "x", Match: model.HTTPMatch{PathRegex: "/public/[a-z.%;]+.*"}}}}}}
	in := model.Inbound{MTLS: model.MTLSStrict, Ports: []model.InboundPort{{Port: 8080, Protocol: model.ProtocolHTTP, Policy: allow}}}
	web := service{port("shop", "web", 80), model.ProtocolHTTP, "198.19.0.1", []model.Identity{account("web")}, []model.Endpoint{server.meshed(8080)}}
	server.sidecar("web", views{inbound: in})
	client.sidecar("front", views{}.calls(web))
	for _, p := range []string{"/public/a", "/public/a?b=/c", "/private", "/public/../private", "/public/%2e%2e/private", "/public/.%2E/private", "//public/a", "/public//a", "/public/..%2fprivate", "/public/..%2Fprivate", "/public/..%5cprivate", `/public/..\private`, "/public/..;/private", "/pub%6cic/a", "/public/%61", "/private?x=/public/a", "/private#/public/a", "/public/a%00b", "/public/a%0ab", "http://other/public/a", "/public/a%3fb", "*"} {
		c, err := client.dial(context.Background(), "198.19.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nhost: web\r\nx-weft-path: /public/a\r\nx-weft-path: /public/b\r\nX-Weft-Dst: 1.1.1.1:80\r\nx-weft-unprocessed: true\r\nconnection: close, x-weft-path\r\n\r\n", p)
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Log(p, err)
			continue
		}
		b, _ := io.ReadAll(r.Body)
		s := string(b)
		if i := strings.Index(s, `"Path"`); i >= 0 {
			s = s[i:]
		}
		t.Logf("%-28s %d %s", p, r.StatusCode, s)
		c.Close()
	}
}
