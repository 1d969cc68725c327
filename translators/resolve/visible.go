package resolve

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// Sight is what the proxies of one identity know of the mesh.
type Sight struct {
	Listener model.OutboundListener
	// Services are those whose clusters, endpoints and routes they need, sorted.
	Services []model.Key
	// UDP are those whose UDPViews they need, sorted.
	UDP []model.Key
}

// Sight answers for an identity. A Service is seen by who may call some pod
// behind it, or behind a backend of a split on it. To the others its HTTP ports
// are addresses without routes, where every request is refused: so a connection
// that they keep open obeys whatever holds when they may call it.
func (g *Graph) Sight(id model.Identity) Sight {
	callable := g.callable(id)
	var s Sight
	needed := set[model.Key]{}
	for k := range g.listable() {
		svc := g.services[k]
		if svc == nil {
			continue
		}
		if !g.visible(k, callable) {
			s.Listener.HTTP = append(s.Listener.HTTP, addressPorts(svc, g.owned(svc), isHTTP)...)
			s.Listener.Direct = append(s.Listener.Direct, addressPorts(svc, g.owned(svc), isTCP)...)
			continue
		}
		needed.add(k)
		g.needBackends(k, needed)
		s.Listener.HTTP = append(s.Listener.HTTP, addressPorts(svc, g.owned(svc), isHTTP)...)
		s.Listener.TCP = append(s.Listener.TCP, tcpDestinations(svc, g.owned(svc))...)
	}
	s.Services = slices.SortedFunc(maps.Keys(needed), model.Key.Compare)
	s.UDP = g.udpSight(id)
	g.finishListener(&s.Listener)
	return s
}

// SightKey is the same for identities whose Sights are: it names the destinations
// that they may call beyond those that all may call. It may differ where the
// Sights do not, never the other way round.
func (g *Graph) SightKey(id model.Identity) string {
	var key []byte
	for _, ids := range []set[model.Identity]{g.callable(id), g.callableByUDP(id)} {
		for _, i := range slices.SortedFunc(maps.Keys(ids), model.Identity.Compare) {
			if g.access(i.Namespace) != model.AccessPermissive {
				key = append(append(key, model.Key(i).String()...), ' ')
			}
		}
		key = append(key, '|')
	}
	return string(key)
}

func (g *Graph) finishListener(l *model.OutboundListener) {
	l.Egress, l.IPv6 = g.mesh.Egress, g.ipv6()
	l.Pods = slices.SortedFunc(maps.Keys(g.index.podPrefixes), func(a, b netip.Prefix) int { return a.Compare(b) })
	slices.SortFunc(l.HTTP, netip.AddrPort.Compare)
	slices.SortFunc(l.Direct, netip.AddrPort.Compare)
	slices.SortFunc(l.TCP, func(a, b model.TCPDestination) int { return a.Addr.Compare(b.Addr) })
}

// listable are the Services that a listener may name: those of the mesh, the
// roots of splits wherever they are, and those that nobody is behind. Others
// pass through.
func (g *Graph) listable() set[model.Key] {
	all := set[model.Key]{}
	maps.Copy(all, g.index.meshServices[true])
	maps.Copy(all, g.index.splitServices[true])
	maps.Copy(all, g.index.emptyServices[true])
	return all
}

// callable tells which destinations an identity has a TrafficTarget for.
func (g *Graph) callable(id model.Identity) set[model.Identity] {
	ids := set[model.Identity]{}
	for t := range g.index.targetsFrom[id] {
		ids.add(g.parties[t].destinations...)
	}
	return ids
}

func (g *Graph) visible(k model.Key, callable set[model.Identity]) bool {
	if g.reachable(k, callable) || g.index.emptyServices[true].has(k) {
		return true
	}
	for s := range g.index.splitsOf[k] {
		for _, b := range g.splits[s].Backends {
			if g.reachable(b.Service, callable) {
				return true
			}
		}
	}
	return false
}

func (g *Graph) reachable(k model.Key, callable set[model.Identity]) bool {
	f := g.facts[k]
	return f.open || slices.ContainsFunc(f.identities, func(i model.Identity) bool {
		return callable.has(i) || g.access(i.Namespace) == model.AccessPermissive
	})
}

// needBackends adds the backends of the splits on a root that HTTP routes lead
// to. A TCP split has its backends' endpoints in its own cluster.
func (g *Graph) needBackends(root model.Key, needed set[model.Key]) {
	for k := range g.index.splitsOf[root] {
		for _, b := range g.splits[k].Backends {
			if g.services[b.Service] != nil {
				needed.add(b.Service)
			}
		}
	}
}

// owned are the addresses of a Service that no other has. Two may have one for
// a moment, while the one takes the other's place; the first by name holds it.
func (g *Graph) owned(s *model.Service) []netip.Addr {
	var as []netip.Addr
	for _, a := range s.Addresses {
		first := s.Key
		for k := range g.index.servicesAt[a] {
			if k.Compare(first) < 0 {
				first = k
			}
		}
		if first == s.Key {
			as = append(as, a)
		}
	}
	return as
}

func isTCP(p model.Port) bool  { return p.Protocol == model.ProtocolTCP }
func isUDP(p model.Port) bool  { return p.Protocol == model.ProtocolUDP }
func isHTTP(p model.Port) bool { return p.Protocol.IsHTTP() }

func addressPorts(s *model.Service, owned []netip.Addr, want func(model.Port) bool) []netip.AddrPort {
	var as []netip.AddrPort
	for _, p := range s.Ports {
		if !want(p) {
			continue
		}
		for _, a := range owned {
			as = append(as, netip.AddrPortFrom(a, p.Number))
		}
	}
	return as
}

func tcpDestinations(s *model.Service, owned []netip.Addr) []model.TCPDestination {
	var ds []model.TCPDestination
	for _, a := range addressPorts(s, owned, isTCP) {
		ds = append(ds, model.TCPDestination{Addr: a, Cluster: model.ServicePort{Service: s.Key, Port: a.Port()}})
	}
	return ds
}

// Direct answers who is at an address that a proxy asked for by itself: a pod,
// or a Service of the mesh.
func (g *Graph) Direct(a netip.AddrPort) model.DirectCluster {
	c := model.DirectCluster{Addr: a, TrustDomain: g.mesh.TrustDomain}
	for k := range g.index.podsAt[a.Addr()] {
		if p := g.pods[k]; p.Meshed {
			c.Identities = append(c.Identities, p.Identity)
		}
	}
	for k := range g.index.servicesAt[a.Addr()] {
		c.Identities = append(c.Identities, g.facts[k].identities...)
	}
	slices.SortFunc(c.Identities, model.Identity.Compare)
	c.Identities = slices.Compact(c.Identities)
	c.Closed = len(c.Identities) == 0 && g.mesh.Egress == model.EgressDeny
	return c
}

// PodAt finds the pod of an address; the first by name, where one takes
// another's place.
func (g *Graph) PodAt(a netip.Addr) (model.Key, bool) { return first(g.index.podsAt[a]) }

// ServiceAt finds the Service of a cluster address.
func (g *Graph) ServiceAt(a netip.Addr) (model.Key, bool) { return first(g.index.servicesAt[a]) }

func first(ks set[model.Key]) (model.Key, bool) {
	if len(ks) == 0 {
		return model.Key{}, false
	}
	return slices.MinFunc(slices.Collect(maps.Keys(ks)), model.Key.Compare), true
}
