// Package modeltest draws random fragments for tests of properties: what holds
// of any history, in any order. Tests of resolve and engine use it.
package modeltest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// World draws random fragments from a small universe, so that references meet.
type World struct{ *rand.Rand }

func (w World) namespace() string { return []string{"shop", "bank"}[w.IntN(2)] }
func (w World) name(kind string) string {
	return fmt.Sprintf("%s%d", kind, w.IntN(3))
}

func (w World) key(kind string) model.Key {
	return model.Key{Namespace: w.namespace(), Name: w.name(kind)}
}

func (w World) identity() model.Identity { return model.Identity(w.key("sa")) }

// New makes a world of its own for a seed.
func New(seed, stream uint64) World { return World{rand.New(rand.NewPCG(seed, stream))} }

// Fragment draws one.
func (w World) Fragment() model.Fragment {
	switch w.IntN(10) {
	case 0:
		return &model.Namespace{
			Name: w.namespace(), Access: []model.Access{"", model.AccessPermissive, model.AccessEnforcing}[w.IntN(3)],
			DefaultProtocol: []model.Protocol{"", model.ProtocolTCP, model.ProtocolHTTP, model.ProtocolDetect}[w.IntN(4)],
			MTLS:            []model.MTLS{"", model.MTLSPermissive}[w.IntN(2)], Leaving: w.IntN(2) == 0,
		}
	case 1:
		return w.service()
	case 2, 3:
		return w.slice()
	case 4:
		return w.pod()
	case 5:
		return w.split()
	case 6:
		return &model.RouteGroup{Key: w.key("group"), Matches: []model.NamedMatch{{Name: w.name("m"), HTTPMatch: model.HTTPMatch{PathRegex: "/" + w.name("p")}}}}
	case 7:
		kind := []model.Kind{model.KindTCPRoute, model.KindUDPRoute}[w.IntN(2)]
		return &model.PortRoute{Kind: kind, Key: w.key("ports"), Ports: [][]uint16{nil, {80}, {8080}, {80, 3306, 5353}}[w.IntN(4)]}
	case 8:
		return w.binding()
	default:
		return w.target()
	}
}

func (w World) service() *model.Service {
	k := w.key("svc")
	renamed := []string{"http", "http-web"}[w.IntN(2)]
	s := &model.Service{Key: k, Ports: []model.Port{{Name: renamed, Number: 80, Protocol: model.ProtocolHTTP, Target: uint16(8080 * w.IntN(2)), TargetName: []string{"", "web"}[w.IntN(2)]}}}
	first := []byte{198, 10}[w.IntN(2)] // UDP to both is led to one address
	s.Addresses = []netip.Addr{netip.AddrFrom4([4]byte{first, 19, byte(len(k.Namespace + k.Name)), k.Name[3]})}
	if w.IntN(2) == 0 {
		s.Ports = append(s.Ports, model.Port{Name: "db", Number: 3306, Protocol: model.ProtocolTCP})
	}
	for i := range s.Ports {
		if w.IntN(3) == 0 {
			s.Ports[i].Protocol = model.ProtocolUndeclared
		}
	}
	if w.IntN(2) == 0 {
		s.Ports = append(s.Ports, model.Port{Name: "quic", Number: 80, Protocol: model.ProtocolUDP}, model.Port{Name: "dns", Number: 53, Protocol: model.ProtocolUDP})
	}
	if w.IntN(5) == 0 {
		s.Ports = append(s.Ports, model.Port{Name: "twin", Number: 53 + 1<<14, Protocol: model.ProtocolUDP})
	}
	return s
}

func (w World) slice() *model.EndpointSlice {
	s := &model.EndpointSlice{Key: w.key("slice"), Service: w.key("svc"), Ports: []model.TargetPort{{Name: "http", Number: uint16(8080 + w.IntN(2))}, {Name: "db", Number: 3306}, {Name: "quic", Number: 8080, UDP: true}}}
	if w.IntN(2) == 0 {
		s.Ports = append(s.Ports, model.TargetPort{Name: "dns", Number: uint16(5353 + w.IntN(2)), UDP: true})
	}
	for range w.IntN(3) {
		a := model.Address{Addr: w.addr(), Serve: w.IntN(3) > 0}
		if w.IntN(3) > 0 {
			a.Pod = w.key("pod")
		}
		s.Endpoints = append(s.Endpoints, a)
	}
	return s
}

func (w World) addr() netip.Addr {
	return netip.AddrFrom4([4]byte{198, 18, byte(w.IntN(2)), byte(w.IntN(4))})
}

func (w World) pod() *model.Pod {
	return &model.Pod{Key: w.key("pod"), Addresses: []netip.Addr{w.addr()}, Identity: w.identity(), Ports: w.podPorts(), Meshed: w.IntN(4) > 0, OpenUDP: [][]uint16{nil, nil, {5353}, {8080}}[w.IntN(4)], Labels: w.labels()}
}

func (w World) podPorts() []model.TargetPort {
	return [][]model.TargetPort{nil, {{Name: "web", Number: uint16(8080 + w.IntN(2))}}}[w.IntN(2)]
}

func (w World) labels() map[string]string { return map[string]string{"app": w.name("app")} }

func (w World) split() *model.Split {
	s := &model.Split{Key: w.key("split"), Created: time.Unix(int64(w.IntN(2)), 0)}
	s.Root = model.Key{Namespace: s.Namespace, Name: w.name("svc")}
	for i := range 1 + w.IntN(3) {
		s.Backends = append(s.Backends, model.Backend{Service: model.Key{Namespace: s.Namespace, Name: fmt.Sprintf("svc%d", i)}, Weight: uint32(w.IntN(3))})
	}
	if w.IntN(3) == 0 {
		s.Matched, s.Matches = true, []model.Key{{Namespace: s.Namespace, Name: w.name("group")}}
	}
	return s
}

func (w World) target() *model.Target {
	t := &model.Target{Key: w.key("target")}
	t.Destination = model.Identity{Namespace: t.Namespace, Name: w.name("sa")}
	if w.IntN(4) == 0 {
		t.Destination, t.DestinationBinding = model.Identity{}, w.name("binding")
	}
	for range 1 + w.IntN(2) {
		if w.IntN(4) == 0 {
			t.SourceBindings = append(t.SourceBindings, w.key("binding"))
		} else {
			t.Sources = append(t.Sources, w.identity())
		}
	}
	if w.IntN(4) > 0 {
		t.Rules = []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: w.name("group")}}
	}
	if len(t.Rules) == 0 || w.IntN(2) == 0 {
		t.Rules = append(t.Rules, model.TargetRule{Kind: model.KindTCPRoute, Name: w.name("ports")})
	}
	if w.IntN(2) == 0 {
		t.Rules = append(t.Rules, model.TargetRule{Kind: model.KindUDPRoute, Name: w.name("ports")})
	}
	if w.IntN(4) == 0 {
		t.Port = uint16(80 + w.IntN(2))
	}
	return t
}

func (w World) binding() *model.IdentityBinding {
	b := &model.IdentityBinding{Key: w.key("binding")}
	switch w.IntN(3) {
	case 0:
		b.ServiceAccount = w.name("sa")
	case 1:
		b.PodLabels = w.labels()
	}
	if w.IntN(2) == 0 {
		b.SPIFFEIDs = []string{"cluster.local/ns/" + w.namespace() + "/sa/" + w.name("sa")}
	}
	return b
}
