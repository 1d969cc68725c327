package resolve

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// owned are the addresses of a Service that no other has. Two may have one for
// a moment, while the one takes the other's place; the first by name holds it.
func (g *Graph) owned(s *model.Service) []netip.Addr {
	lost := func(a netip.Addr) bool { return !g.owns(s.Key, a) }
	if !slices.ContainsFunc(s.Addresses, lost) {
		return slices.Clip(s.Addresses)
	}
	return slices.DeleteFunc(slices.Clone(s.Addresses), lost)
}

func (g *Graph) owns(s model.Key, a netip.Addr) bool {
	for k := range g.index.servicesAt[a] {
		if k.Compare(s) < 0 {
			return false
		}
	}
	return true
}

func isTCP(p model.Port) bool  { return p.Protocol == model.ProtocolTCP }
func isUDP(p model.Port) bool  { return p.Protocol == model.ProtocolUDP }
func isHTTP(p model.Port) bool { return p.Protocol.IsHTTP() }

func isDetect(p model.Port) bool { return p.Protocol == model.ProtocolDetect }

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
