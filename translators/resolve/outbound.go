package resolve

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// ServiceViews are the views of one Service that callers share.
type ServiceViews struct {
	Clusters  []model.Cluster
	Endpoints []model.Endpoints
	Outbound  []model.Outbound
	UDP       []model.UDPListener
}

// reset empties the views. What they hold stays as it is.
func (v *ServiceViews) reset() {
	v.Clusters, v.Endpoints, v.Outbound, v.UDP = v.Clusters[:0], v.Endpoints[:0], v.Outbound[:0], v.UDP[:0]
}

// ServiceViews answers for a Service's TCP ports; empty where there is none.
func (g *Graph) ServiceViews(k model.Key) ServiceViews {
	var v ServiceViews
	g.ReadService(k, &v)
	return v
}

// ReadService puts ServiceViews in place of those that were read before.
func (g *Graph) ReadService(k model.Key, v *ServiceViews) {
	v.reset()
	s := g.services[k]
	if s == nil {
		return
	}
	v.Endpoints = g.appendEndpoints(v.Endpoints, s, false)
	for _, p := range s.Ports {
		switch {
		case isUDP(p):
		case isDetect(p):
			g.readPort(s, as(p, model.ProtocolHTTP), v)
			g.readPort(s, as(p, model.ProtocolTCP), v)
		default:
			g.readPort(s, p, v)
		}
	}
}

func as(p model.Port, protocol model.Protocol) model.Port {
	p.Protocol = protocol
	return p
}

func (g *Graph) readPort(s *model.Service, p model.Port, v *ServiceViews) {
	c := g.cluster(s, p)
	for _, c.Address = range g.dialled(s, p) {
		v.Clusters = append(v.Clusters, c)
	}
	if !isHTTP(p) {
		return
	}
	routes := g.outboundRoutes(s, p)
	for _, a := range g.owned(s) {
		v.Outbound = append(v.Outbound, model.Outbound{
			Name: portName(s.Key, p), Address: a, Routes: routes,
		})
	}
}

// routed stands for no address: routes lead there. It is not to be written to.
var routed = []netip.Addr{{}}

// dialled are the addresses that the clusters of a port are found by; the zero
// one stands for routes.
func (g *Graph) dialled(s *model.Service, p model.Port) []netip.Addr {
	if !isTCP(p) {
		return routed
	}
	owned := g.owned(s)
	if len(g.index.splitsTo[s.Key]) > 0 && !g.detects(s.Key, p.Number) {
		owned = append(owned, netip.Addr{}) // the root's port may be HTTP
	}
	return owned
}

// ServiceEndpoints answers with the endpoints alone, of a Service's TCP ports or
// its UDP ports.
func (g *Graph) ServiceEndpoints(k model.Key, udp bool) []model.Endpoints {
	if s := g.services[k]; s != nil {
		return g.appendEndpoints(nil, s, udp)
	}
	return nil
}

func (g *Graph) appendEndpoints(es []model.Endpoints, s *model.Service, udp bool) []model.Endpoints {
	for _, p := range s.Ports {
		switch {
		case isUDP(p) != udp:
		case isDetect(p):
			es = g.appendPort(es, s, as(p, model.ProtocolHTTP))
			es = g.appendPort(es, s, as(p, model.ProtocolTCP))
		default:
			es = g.appendPort(es, s, p)
		}
	}
	return es
}

func (g *Graph) appendPort(es []model.Endpoints, s *model.Service, p model.Port) []model.Endpoints {
	e := g.endpoints(s, p)
	for _, e.Address = range g.dialled(s, p) {
		es = append(es, e)
	}
	return es
}

func (g *Graph) cluster(s *model.Service, p model.Port) model.Cluster {
	c := model.Cluster{
		Name: portName(s.Key, p), Protocol: p.Protocol,
		TrustDomain: g.mesh.TrustDomain, Headers: g.mesh.Headers, Identities: g.facts[s.Key].identities,
	}
	split := g.tcpSplit(s.Key, p)
	c.Split = split != nil
	if isUDP(p) {
		c.Identities, _ = g.behind(s.Key)
		return c
	}
	if split == nil {
		return c
	}
	for _, b := range split.Backends {
		c.Identities = append(slices.Clip(c.Identities), g.facts[b.Service].identities...)
	}
	slices.SortFunc(c.Identities, model.Identity.Compare)
	c.Identities = slices.Compact(c.Identities)
	return c
}

func (g *Graph) endpoints(s *model.Service, p model.Port) model.Endpoints {
	e := model.Endpoints{Cluster: portName(s.Key, p)}
	split := g.tcpSplit(s.Key, p)
	if split == nil {
		e.Groups = []model.EndpointGroup{{Backend: s.Key, Weight: 1, Endpoints: g.reached(s.Key, s, p)}}
		return e
	}
	e.Split = split.Key
	for _, b := range split.Backends {
		bp, ok := g.backendPort(b.Service, p)
		if !ok || b.Weight == 0 {
			continue
		}
		e.Groups = append(e.Groups, model.EndpointGroup{
			Backend: b.Service, Weight: b.Weight, Endpoints: g.reached(s.Key, g.services[b.Service], bp),
		})
	}
	slices.SortFunc(e.Groups, func(a, b model.EndpointGroup) int { return a.Backend.Compare(b.Backend) })
	return e
}

// reached are the addresses of a Service that calls to a port of the root reach.
func (g *Graph) reached(root model.Key, s *model.Service, p model.Port) []model.Endpoint {
	if isUDP(p) {
		return g.reachedByUDP(root, s, p)
	}
	return g.addresses(s, p)
}

// addresses lists where the pods of a Service serve one of its ports. A pod
// that is not known yet is left out: nobody could say how to speak to it.
func (g *Graph) addresses(s *model.Service, port model.Port) []model.Endpoint {
	var es []model.Endpoint
	for k := range g.index.slicesOf[s.Key] {
		slice := g.slices[k]
		es = slices.Grow(es, len(slice.Endpoints))
		for _, a := range slice.Endpoints {
			pod := g.pods[a.Pod]
			if !a.Serve || (pod == nil && named(a)) {
				continue
			}
			if n, ok := podPort(port, slice, pod); ok {
				es = append(es, model.Endpoint{Addr: netip.AddrPortFrom(a.Addr, n), Meshed: g.meshed(a, pod, slice, isUDP(port))})
			}
		}
	}
	slices.SortFunc(es, func(a, b model.Endpoint) int {
		return cmp.Or(a.Addr.Compare(b.Addr), model.CompareBool(a.Meshed, b.Meshed))
	})
	return slices.Compact(es)
}

// backendPort finds a backend's port of the root port's number: a split never
// translates one port into another (TrafficSplit v1alpha4, "Ports").
func (g *Graph) backendPort(k model.Key, root model.Port) (model.Port, bool) {
	s := g.services[k]
	if s == nil {
		return model.Port{}, false
	}
	i := slices.IndexFunc(s.Ports, func(p model.Port) bool {
		return p.Number == root.Number && isUDP(p) == isUDP(root)
	})
	if i < 0 {
		return model.Port{}, false
	}
	return s.Ports[i], true
}

// rootSplits are the splits in force on a root: those with matches, oldest
// first, and the oldest of those without.
func (g *Graph) rootSplits(root model.Key) (matched []*model.Split, plain *model.Split) {
	for k := range g.index.splitsOf[root] {
		s := g.splits[k]
		switch {
		case s.Matched:
			matched = append(matched, s)
		case plain == nil || older(s, plain) < 0:
			plain = s
		}
	}
	slices.SortFunc(matched, older)
	return matched, plain
}

func older(a, b *model.Split) int {
	return cmp.Or(a.Created.Compare(b.Created), a.Key.Compare(b.Key))
}

// tcpSplit is the split that weighs the connections of a TCP port, or the
// sessions of a UDP port; nil where
// none does. Matches can't be evaluated there, so a split with them is not in
// force.
func (g *Graph) tcpSplit(root model.Key, p model.Port) *model.Split {
	if p.Protocol.IsHTTP() {
		return nil
	}
	_, plain := g.rootSplits(root)
	return plain
}

func (g *Graph) outboundRoutes(s *model.Service, p model.Port) []model.OutboundRoute {
	var routes []model.OutboundRoute
	matched, plain := g.rootSplits(s.Key)
	for _, split := range matched {
		backends := g.weightedClusters(split, p)
		for _, m := range g.splitMatches(split) {
			routes = append(routes, model.OutboundRoute{Name: split.Key.String(), Match: &m, Backends: backends})
		}
	}
	if plain != nil {
		return append(routes, model.OutboundRoute{Name: plain.Key.String(), Backends: g.weightedClusters(plain, p)})
	}
	return append(routes, model.OutboundRoute{
		Backends: []model.WeightedCluster{{Cluster: portName(s.Key, p), Weight: 1}},
	})
}

// weightedClusters are the backends of a split that have the root's port.
// Those that have not are left out, and the rest keep their ratio.
func (g *Graph) weightedClusters(s *model.Split, root model.Port) []model.WeightedCluster {
	var cs []model.WeightedCluster
	for _, b := range s.Backends {
		if p, ok := g.backendPort(b.Service, root); ok {
			cs = append(cs, model.WeightedCluster{Cluster: portName(b.Service, p), Weight: b.Weight})
		}
	}
	slices.SortFunc(cs, func(a, b model.WeightedCluster) int { return a.Cluster.Compare(b.Cluster) })
	return cs
}

// splitMatches are the matches of a split's HTTPRouteGroups, ORed. A group
// that is missing matches nothing.
func (g *Graph) splitMatches(s *model.Split) []model.HTTPMatch {
	var ms []model.HTTPMatch
	seen := set[model.Key]{}
	for _, k := range s.Matches {
		if seen.has(k) {
			continue
		}
		seen.add(k)
		if group := g.groups[k]; group != nil {
			for _, m := range group.Matches {
				ms = append(ms, m.HTTPMatch)
			}
		}
	}
	return ms
}
