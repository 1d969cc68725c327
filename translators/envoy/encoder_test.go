package envoy

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/model"
)

// draw draws views that are alike in some ways and differ in others, as those of
// a mesh do.
type draw struct{ *rand.Rand }

func (d draw) name() string {
	return []string{"a", "web", "a-name-that-is-so-long-that-its-length-needs-two-bytes-once-it-is-in-a-url-a-name-that-is-so-long-that-its-length-needs-two-bytes", "weft-hole-00", ""}[d.IntN(25)/6]
}

func (d draw) key() model.Key { return model.Key{Namespace: d.name(), Name: d.name()} }

func (d draw) port() model.ServicePort {
	return model.ServicePort{Service: d.key(), Port: uint16(80 + d.IntN(2)), UDP: d.IntN(8) == 0}
}

func (d draw) addr() netip.Addr {
	if d.IntN(3) == 0 {
		return netip.AddrFrom16([16]byte{0xfd, 15: byte(d.IntN(200))})
	}
	return netip.AddrFrom4([4]byte{198, 18, byte(d.IntN(200)), byte(d.IntN(200))})
}

func (d draw) cluster() model.Cluster {
	c := model.Cluster{
		Name: d.port(), Protocol: []model.Protocol{model.ProtocolHTTP, model.ProtocolHTTP2, model.ProtocolTCP}[d.IntN(3)],
		TrustDomain: []string{"cluster.local", "td"}[d.IntN(2)], Split: d.IntN(4) == 0,
	}
	if d.IntN(3) == 0 {
		c.Address = d.addr()
	}
	for range []int{0, 1, 2, 30}[d.IntN(4)] {
		c.Identities = append(c.Identities, model.Identity(d.key()))
	}
	return c
}

func (d draw) endpoints() model.Endpoints {
	e := model.Endpoints{Cluster: d.port()}
	if d.IntN(5) == 0 {
		e.Split = d.key()
	}
	for range 1 + d.IntN(5)/4 {
		g := model.EndpointGroup{Backend: d.key(), Weight: uint32(1 + d.IntN(8)/7)}
		meshed := d.IntN(2) == 0
		for range []int{0, 1, 3, 60}[d.IntN(4)] {
			e := model.Endpoint{Addr: netip.AddrPortFrom(d.addr(), uint16(8080+d.IntN(60)/59)), Meshed: meshed}
			e.Meshed = e.Meshed != (d.IntN(60) == 0)
			g.Endpoints = append(g.Endpoints, e)
		}
		e.Groups = append(e.Groups, g)
	}
	return e
}

func (d draw) outbound() model.Outbound {
	o := model.Outbound{Name: d.port(), Address: d.addr()}
	for range 1 + d.IntN(4)/3 {
		r := model.OutboundRoute{}
		if d.IntN(4) == 0 {
			r.Name = d.key().String()
		}
		if d.IntN(6) == 0 {
			r.Match = &model.HTTPMatch{PathRegex: []string{"/a.*", "("}[d.IntN(2)]}
		}
		for range 1 + d.IntN(5)/2 {
			r.Backends = append(r.Backends, model.WeightedCluster{Cluster: d.port(), Weight: []uint32{0, 1, 2, 127, 128, 1 << 20, 1 << 31}[d.IntN(42)/6]})
		}
		o.Routes = append(o.Routes, r)
	}
	return o
}

func (d draw) inbound() model.InboundPort {
	p := model.InboundPort{
		Port: uint16(80 + d.IntN(2)), Protocol: []model.Protocol{model.ProtocolHTTP, model.ProtocolHTTP2, model.ProtocolUDP}[d.IntN(3)],
		Policy: model.Policy{AllowAll: d.IntN(8) == 0},
	}
	for range []int{0, 1, 2, 40}[d.IntN(4)] {
		c := model.Caller{Identity: model.Identity(d.key()), Any: d.IntN(3) == 0}
		for range d.IntN(3) {
			c.Routes = append(c.Routes, d.allowed())
		}
		p.Policy.Callers = append(p.Policy.Callers, c)
	}
	slices.SortFunc(p.Policy.Callers, func(a, b model.Caller) int { return a.Identity.Compare(b.Identity) })
	p.Policy.Callers = slices.CompactFunc(p.Policy.Callers, func(a, b model.Caller) bool { return a.Identity == b.Identity })
	return p
}

func (d draw) allowed() model.AllowedRoute {
	r := model.AllowedRoute{Name: d.name()}
	r.Match.PathRegex = []string{"", "/.*", "/a", "/a.*", "/[a-z]+", "("}[d.IntN(101)/20]
	r.Match.Methods = [][]string{nil, {"GET"}, {"GET", "PUT"}}[d.IntN(3)]
	for range d.IntN(3) {
		r.Match.Headers = append(r.Match.Headers, model.HeaderMatch{Name: []string{"a", "b"}[d.IntN(2)], Regex: []string{"x", "y.*"}[d.IntN(2)]})
	}
	return r
}

// TestEncoderEncodesWhatIsBuilt: whatever an Encoder has seen before, its bytes
// are those of the message that is built of the view, and what is refused of the
// one is refused of the other.
func TestEncoderEncodesWhatIsBuilt(t *testing.T) {
	for seed := range uint64(6) {
		d := draw{rand.New(rand.NewPCG(seed, 7))}
		e := NewEncoder()
		for range 300 {
			c := d.cluster()
			m := BuildCluster(c)
			got, name, asks, err := e.Cluster(c)
			compareBytes(t, fmt.Sprintf("seed %d: %+v", seed, c), got, err, m, nil)
			if err == nil && (name != m.GetName() || asks != EndpointsName(m)) {
				t.Fatalf("seed %d: %q asks for %q, want %q and %q", seed, name, asks, m.GetName(), EndpointsName(m))
			}
			es, as := d.endpoints(), d.name()
			got, err = e.Endpoints(as, es)
			compareBytes(t, fmt.Sprintf("seed %d: %+v", seed, es), got, err, BuildEndpoints(as, es), nil)
			o := d.outbound()
			scope, wrong := BuildOutbound(o)
			got, err = e.Outbound(o)
			compareBytes(t, fmt.Sprintf("seed %d: %+v", seed, o), got, err, scope, wrong)
			compareInbound(t, e, seed, d)
		}
		if len(e.clusters) == 0 || len(e.endpoints) == 0 || len(e.scopes) == 0 || len(e.inbounds) == 0 || len(e.rights.encoded) == 0 {
			t.Fatalf("seed %d: nothing was learned", seed)
		}
	}
}

func compareInbound(t *testing.T, e *Encoder, seed uint64, d draw) {
	t.Helper()
	p := d.inbound()
	build, encode := BuildInboundRoute, e.InboundRoute
	if p.Protocol == model.ProtocolUDP {
		build, encode = BuildInboundUDPRoute, e.InboundUDPRoute
	}
	td := []string{"cluster.local", "td"}[d.IntN(2)]
	route, wrong := build(td, p)
	got, err := encode(td, p)
	compareBytes(t, fmt.Sprintf("seed %d: %+v", seed, p), got, err, route, wrong)
}

func compareBytes(t *testing.T, what string, got []byte, err error, m proto.Message, wrong error) {
	t.Helper()
	if wrong == nil {
		wrong = Validate(m)
	}
	if (err != nil) != (wrong != nil) {
		t.Fatalf("%s: refused by %v, want %v", what, err, wrong)
	}
	if err != nil {
		return
	}
	want, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: the bytes differ", what)
	}
}

// TestEncoderIsBounded, whatever it is asked for.
func TestEncoderIsBounded(t *testing.T) {
	e := NewEncoder()
	for port := range uint16(2000) {
		name := model.ServicePort{Service: model.Key{Namespace: "a", Name: "b"}, Port: port + 1}
		if _, _, _, err := e.Cluster(model.Cluster{Name: name, Protocol: model.ProtocolHTTP}); err != nil {
			t.Fatal(err)
		}
		addr := netip.AddrFrom4([4]byte{198, 18, 0, 1})
		if _, err := e.Endpoints("x", model.Endpoints{Groups: []model.EndpointGroup{{
			Backend: name.Service, Weight: 1, Endpoints: []model.Endpoint{{Addr: netip.AddrPortFrom(addr, port)}},
		}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Outbound(model.Outbound{Name: name, Address: addr, Routes: []model.OutboundRoute{{Backends: []model.WeightedCluster{{Cluster: name, Weight: 1}}}}}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		p := model.InboundPort{Port: uint16(i), Protocol: model.ProtocolHTTP}
		for j := range 80 {
			regex := fmt.Sprintf("/%d/%d/%s[a-z]+", i, j, strings.Repeat("long", 20))
			p.Policy.Callers = []model.Caller{{Identity: model.Identity{Namespace: "a", Name: "b"}, Routes: []model.AllowedRoute{{Match: model.HTTPMatch{PathRegex: regex}}}}}
			if _, err := e.InboundRoute("td", p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := max(len(e.clusters), len(e.endpoints), len(e.scopes), len(e.inbounds)); n > maxTemplates {
		t.Errorf("%d templates are kept", n)
	}
	size := 0
	for k, v := range e.rights.encoded {
		size += len(k) + len(v)
	}
	if size > maxRights || size != e.rights.size {
		t.Errorf("%d bytes of rights are kept, and taken for %d", size, e.rights.size)
	}
}

// TestLikeMessagesCostTheirBytes: a message like an earlier one is not built.
func TestLikeMessagesCostTheirBytes(t *testing.T) {
	e := NewEncoder()
	name := model.ServicePort{Service: model.Key{Namespace: "shop", Name: "web"}, Port: 80}
	c := model.Cluster{Name: name, Protocol: model.ProtocolHTTP, TrustDomain: "td", Identities: []model.Identity{{Namespace: "shop", Name: "web"}}}
	o := model.Outbound{Name: name, Address: netip.AddrFrom4([4]byte{198, 18, 0, 1}), Routes: []model.OutboundRoute{{Backends: []model.WeightedCluster{{Cluster: name, Weight: 1}}}}}
	es := model.Endpoints{Groups: []model.EndpointGroup{{Backend: name.Service, Weight: 1, Endpoints: []model.Endpoint{{Addr: netip.AddrPortFrom(o.Address, 80), Meshed: true}}}}}
	if n := testing.AllocsPerRun(100, func() {
		_, _, _, _ = e.Cluster(c)
		_, _ = e.Endpoints("x", es)
		_, _ = e.Outbound(o)
	}); n > 10 {
		t.Errorf("%v allocations for three messages like earlier ones", n)
	}
}

// TestWeightsCostTheirBytes: a new weight is no message to build.
func TestWeightsCostTheirBytes(t *testing.T) {
	e := NewEncoder()
	backend := func(name string, weight uint32) model.WeightedCluster {
		return model.WeightedCluster{Cluster: model.ServicePort{Service: model.Key{Namespace: "shop", Name: name}, Port: 80}, Weight: weight}
	}
	o := model.Outbound{
		Name: model.ServicePort{Service: model.Key{Namespace: "shop", Name: "web"}, Port: 80}, Address: netip.AddrFrom4([4]byte{198, 18, 0, 1}),
		Routes: []model.OutboundRoute{{Name: "shop/split", Backends: []model.WeightedCluster{backend("a", 1), backend("b", 99)}}},
	}
	if n := testing.AllocsPerRun(100, func() {
		o.Routes[0].Backends[0].Weight++
		if _, err := e.Outbound(o); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for another weight", n)
	}
}

// TestCallersCostTheirBytes: one caller more is none more to build, and rights
// that were seen before are not built again.
func TestCallersCostTheirBytes(t *testing.T) {
	e := NewEncoder()
	p := model.InboundPort{Port: 80, Protocol: model.ProtocolHTTP}
	routes := []model.AllowedRoute{{Name: "shop/api/read", Match: model.HTTPMatch{PathRegex: "/a[0-9]+", Methods: []string{"GET"}}}}
	if n := testing.AllocsPerRun(100, func() {
		name := fmt.Sprintf("caller-%03d", len(p.Policy.Callers))
		p.Policy.Callers = append(p.Policy.Callers, model.Caller{Identity: model.Identity{Namespace: "shop", Name: name}, Routes: routes})
		if _, err := e.InboundRoute("cluster.local", p); err != nil {
			t.Fatal(err)
		}
	}); n > 5 {
		t.Errorf("%v allocations for one caller more", n)
	}
}
