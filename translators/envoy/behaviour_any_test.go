//go:build linux

package envoy_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// views that translators/smi and translators/resolve let through, of any shape.
type chooser struct{ *rand.Rand }

func pick[T any](c chooser, of ...T) T { return of[c.IntN(len(of))] }

func several[T any](c chooser, most int, one func(int) T) (all []T) {
	for i := range c.IntN(most + 1) {
		all = append(all, one(i))
	}
	return all
}

func (c chooser) regex() string {
	return pick(c, "", "/", "/a|/b", "^/a$", "/a/.*", ".*", "$", "^", "(?i)/A[b-z]+", `\Q/a.b\E`, `/\d+(/\w*)?`, "/a{1,1000}", "(?:/x){20}",
		`/%2[fF]`, `[^/]+`, "("+strings.Repeat("/abcdefgh|", 90)+"/z)", `(?U)/a.+?b`, `/\xe9`, `(?P<name>/a)`, `/\.\.`, `[[:alpha:]]+`, `\pL+`, "([^/]+/){300}", "/(.*a){200}", `/[^\s\S]`,
		"("+strings.Repeat("/[^/]+|", 100)+"/.)", "(?i)/[^k]+/[j-s]*", `/a\b`)
}

func (c chooser) match() model.HTTPMatch {
	m := model.HTTPMatch{PathRegex: c.regex(), Methods: pick(c, nil, []string{"GET"}, []string{"CONNECT", "DELETE", "TRACE"})}
	for _, name := range []string{"host", "x-a", "user-agent", "x!#$%&'*+.^_`|~1"} {
		if r := c.regex(); r != "" && c.IntN(2) == 0 {
			m.Headers = append(m.Headers, model.HeaderMatch{Name: name, Regex: r})
		}
	}
	return m
}

func (c chooser) policy() model.Policy {
	return model.Policy{AllowAll: c.IntN(4) == 0, Callers: several(c, 4, func(i int) model.Caller {
		return model.Caller{
			Identity: account(fmt.Sprintf("caller%d.x", i)), Any: c.IntN(3) == 0,
			Routes: several(c, 3, func(int) model.AllowedRoute { return model.AllowedRoute{Name: "a/b/c", Match: c.match()} }),
		}
	})}
}

func (c chooser) protocol() model.Protocol {
	return pick(c, model.ProtocolTCP, model.ProtocolHTTP, model.ProtocolHTTP2)
}

func (c chooser) inbound() model.Inbound {
	in := model.Inbound{MTLS: pick(c, model.MTLSStrict, model.MTLSPermissive), Other: c.policy()}
	in.Ports = several(c, 6, func(i int) model.InboundPort {
		p := model.InboundPort{Port: pick[uint16](c, 1, 1000, 20000) + uint16(i), Protocol: c.protocol(), Policy: c.policy()}
		if tcp := c.policy(); p.Protocol.IsHTTP() && c.IntN(3) == 0 {
			p.TCP = &tcp
		}
		return p
	})
	for i := range in.Ports { // numbers are unique
		in.Ports[i].Port += uint16(10 * i)
	}
	in.Probes = several(c, 4, func(i int) model.Probe {
		return model.Probe{
			Path: fmt.Sprintf("/weft-probe/c%d/liveness", i), Port: uint16(1 + c.IntN(65535)),
			Kind:   pick(c, model.ProbeHTTP, model.ProbeHTTPS, model.ProbeTCP, model.ProbeGRPC),
			Target: pick(c, "", "/", `/a?b=\1&c=%20`, "nonsense", "/a b"), Host: pick(c, "", "a.example:80", "[::1]", "bad\nhost"),
			Service: pick(c, "", "a.b", "é"), Period: pick[time.Duration](c, -1, 0, 1, time.Hour), Timeout: pick[time.Duration](c, -1, 0, 1, time.Hour),
		}
	})
	return in
}

func (c chooser) views() views {
	v := views{inbound: c.inbound()}
	weight := func() uint32 { return pick[uint32](c, 0, 1, 7, 1<<31, 1<<32-1) }
	for i := range 1 + c.IntN(5) {
		s := service{port("shop", fmt.Sprintf("s%d", i), uint16(1+c.IntN(65535))), c.protocol(), fmt.Sprintf(pick(c, "198.19.0.%d", "fd00:99::%d"), i+1), nil, nil}
		s.identities = several(c, 3, func(i int) model.Identity { return account(fmt.Sprintf("sa%d", i)) })
		s.endpoints = several(c, 3, func(i int) model.Endpoint {
			return model.Endpoint{Addr: netip.AddrPortFrom(netip.MustParseAddr(pick(c, "198.18.80.77", "fd00:80::77")), uint16(1+i)), Meshed: c.IntN(2) == 0}
		})
		v = v.calls(s)
		last := len(v.clusters) - 1
		if !s.protocol.IsHTTP() {
			v.clusters[last].Split = c.IntN(2) == 0
			v.endpoints[last].Groups = several(c, 3, func(i int) model.EndpointGroup {
				return model.EndpointGroup{Backend: model.Key{Namespace: "shop", Name: fmt.Sprintf("b%d", i)}, Weight: weight(), Endpoints: s.endpoints}
			})
			continue
		}
		routes := several(c, 4, func(i int) model.OutboundRoute {
			m := c.match()
			return model.OutboundRoute{Name: fmt.Sprintf("shop/split%d", i), Match: &m, Backends: several(c, 3, func(i int) model.WeightedCluster {
				return model.WeightedCluster{Cluster: port("shop", fmt.Sprintf("b%d", i), 80), Weight: weight()}
			})}
		})
		o := &v.outbound[len(v.outbound)-1]
		o.Routes = append(routes, o.Routes...)
	}
	v.listener.Egress = pick(c, model.EgressAllow, model.EgressDeny)
	protocol := func() model.Protocol { return pick(c, model.ProtocolHTTP, model.ProtocolTCP, model.ProtocolOutside) }
	v.listener.Ports = several(c, 3, func(i int) model.PortRule { return model.PortRule{Port: uint16(80 + i), Protocol: protocol()} })
	v.listener.Services = several(c, 2, func(i int) netip.Prefix {
		return []netip.Prefix{netip.MustParsePrefix("198.19.0.0/16"), netip.MustParsePrefix("fd00:99::/112")}[i]
	})
	v.listener.Exceptions = append(v.listener.Exceptions, several(c, 2, func(i int) model.AddressRule {
		return model.AddressRule{Addr: netip.AddrPortFrom(netip.MustParseAddr("198.19.1.1"), uint16(80+i)), Protocol: protocol()}
	})...)
	v.listener.Pods = several(c, 2, func(i int) netip.Prefix {
		return []netip.Prefix{netip.MustParsePrefix("198.18.0.0/24"), netip.MustParsePrefix("fd00:1::/64")}[i]
	})
	return v
}

func TestEnvoyTakesWhatViewsSay(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	p := m.pod("any")
	p.sidecar("web", views{})
	const seeds = 60
	for seed := range uint64(seeds) {
		v := chooser{rand.New(rand.NewPCG(seed, 0))}.views()
		p.publishAndWait(v)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
