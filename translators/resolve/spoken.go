package resolve

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// spoken is what is spoken at the addresses of Services, and at each port what
// most of them speak: the rule, that their sidecars' listener is made of.
type spoken struct {
	at map[netip.AddrPort]speaker
	// of are the addresses that a Service has an entry in at for.
	of relation[model.Key, netip.AddrPort]
	// by counts them, and finds the exceptions.
	by     relation[portProtocol, netip.AddrPort]
	blocks map[netip.Prefix]*block
}

// speaker is the Service at an address, and what it speaks.
type speaker struct {
	service  model.Key
	protocol model.Protocol
}

type portProtocol struct {
	port     uint16
	protocol model.Protocol
}

func newSpoken() spoken {
	return spoken{
		at: map[netip.AddrPort]speaker{}, of: relation[model.Key, netip.AddrPort]{},
		by: relation[portProtocol, netip.AddrPort]{}, blocks: map[netip.Prefix]*block{},
	}
}

// protocols are what a rule may say, by preference where as many addresses
// speak one as the other.
var protocols = []model.Protocol{model.ProtocolOutside, model.ProtocolHTTP, model.ProtocolTCP, model.ProtocolDetect}

// rule is what most addresses speak that have a port.
func (s *spoken) rule(port uint16) model.Protocol {
	return slices.MaxFunc(protocols, func(a, b model.Protocol) int {
		return cmp.Or(
			cmp.Compare(len(s.by[portProtocol{port, a}]), len(s.by[portProtocol{port, b}])),
			cmp.Compare(slices.Index(protocols, b), slices.Index(protocols, a)),
		)
	})
}

// put notes what is spoken at an address, and tells whether the listener has to
// say so.
func (s *spoken) put(a netip.AddrPort, now speaker) bool {
	was, there := s.at[a]
	rule := s.rule(a.Port())
	told := there && was.protocol != rule
	if there {
		s.take(a, was)
	}
	s.at[a] = now
	s.of.add(now.service, a)
	s.by.add(portProtocol{a.Port(), now.protocol}, a)
	return told || rule != s.rule(a.Port()) || now.protocol != rule
}

// drop forgets an address, and tells whether the listener had to say of it.
func (s *spoken) drop(a netip.AddrPort) bool {
	rule, was := s.rule(a.Port()), s.at[a]
	s.take(a, was)
	return was.protocol != rule || rule != s.rule(a.Port())
}

func (s *spoken) take(a netip.AddrPort, was speaker) {
	delete(s.at, a)
	s.of.remove(was.service, a)
	s.by.remove(portProtocol{a.Port(), was.protocol}, a)
}

// respeak notes anew what some Services speak at the addresses that they have.
func (g *Graph) respeak(d *Dirty, services ...model.Key) {
	now := map[netip.AddrPort]speaker{}
	for _, k := range services {
		if s := g.services[k]; s != nil {
			g.speaks(s, now)
		}
	}
	for _, k := range services {
		for a := range maps.Clone(g.spoken.of[k]) {
			if _, still := now[a]; !still && g.spoken.drop(a) {
				d.Listener = true
			}
		}
	}
	for a, s := range now {
		if g.spoken.at[a] == s {
			continue
		}
		d.Addresses.add(a.Addr())
		if g.spoken.put(a, s) {
			d.Listener = true
		}
	}
}

// respeakNamespace notes anew what all Services of a namespace speak.
func (g *Graph) respeakNamespace(namespace string, d *Dirty) {
	var services []model.Key
	for k := range g.services {
		if k.Namespace == namespace {
			services = append(services, k)
		}
	}
	g.respeak(d, services...)
}

// leaving tells that new connections to a namespace's Services pass by the mesh,
// for its pods are about to lose their sidecars: a connection that is routed
// would find no routes any more. Its pods have to take plaintext from everybody
// meanwhile.
func (g *Graph) leaving(namespace string) bool {
	n := g.namespaces[namespace]
	return n != nil && n.Leaving && g.mesh.Egress == model.EgressAllow &&
		g.mtls(namespace) == model.MTLSPermissive && g.access(namespace) == model.AccessPermissive
}

func (g *Graph) speaks(s *model.Service, to map[netip.AddrPort]speaker) {
	inMesh := g.inMesh(s.Key) && !g.leaving(s.Namespace)
	for _, a := range g.owned(s) {
		for _, p := range s.Ports {
			if isUDP(p) {
				continue
			}
			protocol := model.ProtocolOutside
			switch {
			case inMesh && isHTTP(p):
				protocol = model.ProtocolHTTP
			case inMesh && isDetect(p):
				protocol = model.ProtocolDetect
			case inMesh:
				protocol = model.ProtocolTCP
			}
			to[netip.AddrPortFrom(a, p.Number)] = speaker{s.Key, protocol}
		}
	}
}

// Routed tells that what is sent to an address is requests, that routes lead.
func (g *Graph) Routed(a netip.AddrPort) bool {
	return g.spoken.at[a].protocol == model.ProtocolHTTP
}

// inMesh tells whether weft leads what is sent to a Service: one that meshed
// pods are behind, or nobody, or that a split is on. Others pass through.
func (g *Graph) inMesh(k model.Key) bool {
	return g.facts[k].meshed() || g.empty(k) || len(g.index.splitsOf[k]) > 0
}

// OutboundListener is what the sidecars' outbound listener is made of.
func (g *Graph) OutboundListener() model.OutboundListener {
	l := model.OutboundListener{
		Egress: g.mesh.Egress, Headers: g.mesh.Headers, IPv6: g.ipv6(), Services: g.spoken.prefixes(),
		Pods: slices.SortedFunc(maps.Keys(g.index.podPrefixes), netip.Prefix.Compare),
	}
	ports := set[uint16]{}
	for p := range g.spoken.by {
		ports.add(p.port)
	}
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		rule := g.spoken.rule(port)
		if rule != model.ProtocolOutside {
			l.Ports = append(l.Ports, model.PortRule{Port: port, Protocol: rule})
		}
		for _, other := range protocols {
			if other == rule {
				continue
			}
			for a := range g.spoken.by[portProtocol{port, other}] {
				l.Exceptions = append(l.Exceptions, model.AddressRule{Addr: a, Protocol: other})
			}
		}
	}
	slices.SortFunc(l.Exceptions, func(a, b model.AddressRule) int { return a.Addr.Compare(b.Addr) })
	return l
}
