//go:build linux

package envoy_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/envoy/envoytest"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/simulate"
)

// readsTargets is an application that answers with the request target as it
// stands on the wire, and makes nothing of it.
func (p *pod) readsTargets(address string) {
	p.t.Helper()
	p.serveEach(address, answerTargets)
}

func answerTargets(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		for header := line; err == nil && header != "\r\n"; {
			header, err = in.ReadString('\n')
		}
		if err != nil {
			return
		}
		_, target, _ := strings.Cut(line, " ")
		target = strings.TrimSuffix(target, " HTTP/1.1\r\n")
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s", len(target), target)
	}
}

// pathsMesh has a port for each policy: Any, and one rule each.
func pathsMesh(t *testing.T, rules ...[]string) *pod {
	t.Helper()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	in, v := model.Inbound{MTLS: model.MTLSStrict}, views{}
	for i, regexes := range rules {
		number := uint16(8080 + i)
		server.readsTargets(fmt.Sprintf(":%d", number))
		in.Ports = append(in.Ports, onePath(number, regexes))
		v = v.calls(web(fmt.Sprintf("198.19.0.%d", i), server.meshed(number)))
	}
	server.sidecar("web", views{inbound: in})
	client.sidecar("front", v)
	return client
}

// onePath lets a caller in by some pathRegexes; by all requests where there are
// none.
func onePath(number uint16, regexes []string) model.InboundPort {
	c := model.Caller{Identity: account("front"), Any: regexes == nil}
	for _, re := range regexes {
		c.Routes = append(c.Routes, model.AllowedRoute{Name: "shop/group/" + re, Match: model.HTTPMatch{PathRegex: re}})
	}
	return model.InboundPort{Port: number, Protocol: model.ProtocolHTTP, Policy: model.Policy{Callers: []model.Caller{c}}}
}

// Trap 36: the application reads the path that was sent, and what is allowed is
// allowed however it reads it.
func TestPathReachesTheApplicationAsItWasSent(t *testing.T) {
	t.Parallel()
	const every, prefix, class, exact, named, many = 0, 1, 2, 3, 4, 5
	client := pathsMesh(t, nil, []string{"/public/"}, []string{"/public/[a-z./%;0-9\\\\]+$", "/users/[^/]+$"}, []string{"^/public/a$", `^/a/\.\./b%2fc$`},
		[]string{"/files/[^/]+%2[Ff].*", "a|/b", "/odd//x"}, []string{"/.*", "/public/[0-9]+$"})
	for _, path := range []string{
		"/img/http://h/x", "/a//b", "//a", "/%7E%41", "/a/../b", "/a/..;/b", "/a/%2e%2E/b", "/a/..%2fb", `/a\..\b`, "/a%5cb", "/a|b^c`{}\"<>[]", "/a%00b", "/a%",
		"/%zz", "/%u002e", "/a/./b/.", "/a;b=c/d;e", "/a?x=/../y//z&u=%2e", "/%E9%FF", "/a/%25252e",
	} {
		for _, policy := range []int{every, many} {
			if got := client.target(t, policy, path); got != "200 "+path {
				t.Errorf("policy %d, %s: got %s", policy, path, got)
			}
		}
	}
	for _, c := range []struct {
		policy int
		path   string
		want   string // the status
	}{
		{prefix, "/public/a", "200"},
		{prefix, "/public/", "200"},
		{prefix, "/public/a?x=/../y", "200"},
		{prefix, "/public//a", "200"},
		{prefix, "/public/http://h/x", "200"},
		{prefix, "/public/%41%7E%20%C3%A9", "200"},
		{prefix, "/public/a%2Fb", "200"},
		{prefix, "/public/a;v=1/b", "200"},
		{prefix, "/public/.well-known/..a", "200"},
		{prefix, "/public/a%00", "200"},
		{prefix, "/public/https%253A%252F%252Fh%252Fx", "200"},
		{prefix, "/public", "403"},
		{prefix, "/private", "403"},
		{prefix, "/a/public/", "403"},
		{prefix, "//public//a", "403"},
		{prefix, "/pub%6cic/a", "403"},
		{prefix, "/private/../public/a", "403"},
		{prefix, "/private?x=/public/", "403"},
		{prefix, "/public/../private", "403"},
		{prefix, "/public/./a", "403"},
		{prefix, "/public/%2e%2e/private", "403"},
		{prefix, "/public/.%2E/private", "403"},
		{prefix, "/public/%252e%252e/private", "403"},
		{prefix, `/public/..\private`, "403"},
		{prefix, `/public\..\private`, "403"},
		{prefix, "/public/..%2fprivate", "403"},
		{prefix, "/public/%2e%2e%2Fprivate", "403"},
		{prefix, "/public/a%2f..%2f..%2fprivate", "403"},
		{prefix, "/public/..%5cprivate", "403"},
		{prefix, "/public/..;x=1/private", "403"},
		{prefix, "/public/..%00/private", "403"},
		{prefix, "/public/..%c0%afprivate", "403"},
		{prefix, "/public/%c0%ae%c0%ae/private", "403"},
		{prefix, "/public/%u002e%u002e/private", "403"},
		{prefix, "/public/%EF%BC%8E%EF%BC%8E/private", "403"},
		{prefix, "/admin/..;/public/x", "403"},
		{class, "/public/a%61", "200"},
		{class, "/public/a%0ab", "403"}, // a line feed is not in the class
		{class, "/public/a%2fb", "403"}, // nor an escaped slash, that is a slash to some
		{class, "/public/..%2fprivate", "403"},
		{class, "/public/..;/private", "403"},
		{class, "/users/a%40b.c", "200"},
		{class, "/users/%E6%96%87", "200"},
		{class, "/users/a%2Fb", "403"},
		{class, "/users/a;b", "403"},
		{exact, "/public/a", "200"},
		{exact, "/public/a?b", "200"},
		{exact, "/public/%61", "403"},
		{exact, "/public/ab", "403"},
		{exact, "/a/../b%2fc", "200"},
		{exact, "/a/../b%2fd", "403"},
		{named, "/files/x%2fy", "200"},
		{named, "/files/x%2f..%2fy", "403"},
		{named, "/files/x/y", "403"},
		{named, "/b/c", "200"},
		{named, "/c/b", "403"},
		{named, "/odd//x/y", "200"},
	} {
		if got := client.target(t, c.policy, c.path); got != c.want+" "+c.path && (c.want == "200" || got != c.want) {
			t.Errorf("policy %d, %s: got %s, want %s", c.policy, c.path, got, c.want)
		}
	}
}

// target asks for a path as it is, and gives the status, and what the application
// read if it was asked. It claims another path, which must not matter.
func (p *pod) target(t *testing.T, policy int, path string) string {
	t.Helper()
	got := p.raw(t, fmt.Sprintf("198.19.0.%d:80", policy), "GET "+path+" HTTP/1.1\r\nhost: web\r\nx-weft-path: /public/a\r\nconnection: close, x-weft-path\r\n\r\n")
	if got.status == 200 {
		return fmt.Sprint(got.status, " ", got.body)
	}
	return fmt.Sprint(got.status)
}

// TestDenialSaysThatAPathIsReadInTwoWays: its sender may not know.
func TestDenialSaysThatAPathIsReadInTwoWays(t *testing.T) {
	t.Parallel()
	client := pathsMesh(t, []string{"/public/"})
	const who = "spiffe://weft.test/ns/shop/sa/front"
	for path, want := range map[string]string{
		"/private":           "weft: no TrafficTarget lets " + who + " ask for GET /private\n",
		"/public/../private": "weft: the path can be read in more than one way, and no TrafficTarget lets " + who + " ask in all of them for GET /public/../private\n",
		"//public/a":         "weft: the path can be read in more than one way, and no TrafficTarget lets " + who + " ask in all of them for GET //public/a\n",
	} {
		got := client.raw(t, "198.19.0.0:80", "GET "+path+" HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n")
		if got.status != 403 || got.body != want {
			t.Errorf("%s: got %d %q, want %q", path, got.status, got.body, want)
		}
	}
}

// TestTargetsThatAreNoPath: what Envoy makes of the other forms of a target.
func TestTargetsThatAreNoPath(t *testing.T) {
	t.Parallel()
	client := pathsMesh(t, []string{"/public/", "/$"}, nil)
	for _, c := range []struct {
		request, want string
	}{
		{"GET http://web/public//a", "200 /public//a"}, // absolute form: the path alone is judged and sent on
		{"GET http://web/public/../a", "403"},
		{"GET http://web", "200 /"},
		{"GET /public/a#b", "400"},
		{"GET public/a", "400"},
		{"OPTIONS *", "404"},
		{"CONNECT web:80", "403"},
		{"GET /public/\xc3\xa9", "400"},
		{"GET /public/\x01", "400"},
	} {
		for policy := range 2 {
			if policy == 1 && strings.Contains(c.request, "..") {
				c.want = "200 /public/../a"
			}
			got := client.raw(t, fmt.Sprintf("198.19.0.%d:80", policy), c.request+" HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n")
			have := fmt.Sprint(got.status)
			if got.status == 200 {
				have += " " + got.body
			}
			if have != c.want {
				t.Errorf("%q by policy %d: got %s, want %s", c.request, policy, have, c.want)
			}
		}
	}
}

// TestEnvoyJudgesPathsAsSimulated: what properties show of the simulation holds
// for Envoy.
func TestEnvoyJudgesPathsAsSimulated(t *testing.T) {
	t.Parallel()
	var rules [][]string
	for part := range slices.Chunk(envoytest.PathRules, 6) { // a few at a time, and the rest together
		rules = append(rules, part)
	}
	rules = append(rules[:3], slices.Concat(rules[3:]...))
	client := pathsMesh(t, rules...)
	r, allowed, simulations := rand.New(rand.NewPCG(5, 33)), 0, make([]*simulate.Resources, len(rules))
	for i := range rules {
		simulations[i] = simulated(t, rules[i])
	}
	for i := range 400 {
		path, policy := envoytest.AnyPath(r), i%len(rules)
		c := simulate.Call{Method: "GET", Path: path, SPIFFEID: account("front").SPIFFEID(trustDomain), To: netip.MustParseAddrPort("198.18.80.11:8080")}
		want, err := simulations[policy].Inbound(c)
		if err != nil {
			t.Fatal(err)
		}
		got := client.target(t, policy, path)
		if (got == "200 "+path) != want.Allowed || !want.Allowed && got != "403" {
			t.Errorf("%s by %q: Envoy says %s, the simulation %+v", path, rules[policy], got, want)
		}
		if want.Allowed {
			allowed++
		}
	}
	if allowed < 50 || allowed > 350 {
		t.Errorf("%d of 400 are allowed: that shows little", allowed)
	}
}

func simulated(t *testing.T, regexes []string) *simulate.Resources {
	t.Helper()
	in := model.Inbound{MTLS: model.MTLSStrict, TrustDomain: trustDomain, Ports: []model.InboundPort{onePath(8080, regexes)}}
	l, err := envoy.BuildInboundListener(in)
	if err != nil {
		t.Fatal(err)
	}
	route, err := envoy.BuildInboundRoute(trustDomain, in.Ports[0])
	if err != nil {
		t.Fatal(err)
	}
	r := simulate.NewResources()
	r.Add(l, route)
	return r
}
