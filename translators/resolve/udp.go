package resolve

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// portName names a port of a Service.
func portName(k model.Key, p model.Port) model.ServicePort {
	return model.ServicePort{Service: k, Port: p.Number, UDP: isUDP(p)}
}

// udpUser is an address that callers send UDP to, and the Service that has it.
type udpUser struct {
	service model.Key
	to      netip.AddrPort
}

// UDPViews are the views of a Service's UDP ports; empty where there is none.
func (g *Graph) UDPViews(k model.Key) ServiceViews {
	var v ServiceViews
	g.ReadUDP(k, &v)
	return v
}

// ReadUDP puts UDPViews in place of the views that were read before.
func (g *Graph) ReadUDP(k model.Key, v *ServiceViews) {
	v.reset()
	s := g.services[k]
	if s == nil {
		return
	}
	for _, p := range s.Ports {
		if !isUDP(p) {
			continue
		}
		c := g.cluster(s, p)
		v.Clusters = append(v.Clusters, c)
		v.Endpoints = append(v.Endpoints, g.endpoints(s, p))
		for _, a := range g.owned(s) {
			if !g.ambiguous(netip.AddrPortFrom(a, p.Number)) {
				v.UDP = append(v.UDP, model.UDPListener{Name: c.Name, Address: a, Tunnel: len(c.Identities) > 0})
			}
		}
	}
}

// shapeUDP are the UDP ports at which Services reach a pod.
func (g *Graph) shapeUDP(pod *model.Pod) []uint16 {
	ports := set[uint16]{}
	for p, n := range g.saidOf(pod) {
		if isUDP(p) {
			ports.add(n)
		}
	}
	return slices.Sorted(maps.Keys(ports))
}

// passesUDP tells that a meshed pod has a UDP port of a Service pass by its
// sidecar. Then all UDP of the Service does: where it goes is one choice.
func passesUDP(p *model.Pod, s *model.EndpointSlice) bool {
	return slices.ContainsFunc(s.Ports, func(t model.TargetPort) bool { return t.UDP && slices.Contains(p.OpenUDP, t.Number) })
}

// ambiguous tells that what is sent to an address can't be told from what is
// sent to another: neither has a listener then, for the one would answer for
// the other.
func (g *Graph) ambiguous(to netip.AddrPort) bool {
	for u := range g.index.udpAt[model.UDPBind(to)] {
		if u.to != to {
			return true
		}
	}
	return false
}

// indexUDP notes a Service's UDP addresses, and marks whom that may concern.
func (g *Graph) indexUDP(s *model.Service, in bool, d *Dirty) {
	for _, to := range addressPorts(s, s.Addresses, isUDP) {
		bind := model.UDPBind(to)
		g.index.udpAt.put(bind, udpUser{s.Key, to}, in)
		for u := range g.index.udpAt[bind] {
			d.Services.add(u.service)
		}
	}
}

// behind are the identities behind a Service's UDP ports, sorted, and whether
// some endpoint is outside of the mesh; those of a split's backends are behind
// its root too.
func (g *Graph) behind(k model.Key) (meshed []model.Identity, open bool) {
	f := g.facts[k]
	meshed, open = slices.Clip(f.udp), f.udpOpen
	if _, split := g.rootSplits(k); split != nil {
		for _, b := range split.Backends {
			meshed, open = append(meshed, g.facts[b.Service].udp...), open || g.facts[b.Service].udpOpen
		}
		slices.SortFunc(meshed, model.Identity.Compare)
		meshed = slices.Compact(meshed)
	}
	return meshed, open
}

// tunnelled tells that a Service's UDP goes to sidecars: some pod behind it has
// one.
func (g *Graph) tunnelled(root model.Key) bool {
	meshed, _ := g.behind(root)
	return len(meshed) > 0
}

// reachedByUDP are pods' sidecars. Where there are some the endpoints outside of
// the mesh get nothing: plaintext to some would be no policy at all. Where there
// are none it is the Service's own address, so that Kubernetes leads it as ever.
func (g *Graph) reachedByUDP(root model.Key, s *model.Service, p model.Port) []model.Endpoint {
	switch {
	case g.tunnelled(root):
		return slices.DeleteFunc(g.addresses(s, p), func(e model.Endpoint) bool { return !e.Meshed })
	case len(s.Addresses) == 0:
		return g.addresses(s, p)
	default:
		return []model.Endpoint{{Addr: netip.AddrPortFrom(s.Addresses[0], p.Number)}}
	}
}
