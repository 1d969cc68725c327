package resolve

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weft-mesh/weft/translators/model"
)

// Class groups the pods that share a configuration: one service account, the
// same ports behind Services, the same probes.
type Class struct {
	Identity model.Identity
	// Shape tells ports and probes apart. It is opaque, and the same for equal
	// ones.
	Shape string
}

// Shape is what a class's pods are made of.
type Shape struct {
	Ports []ShapePort
	// UDP are the UDP ports that a Service speaks of; the others are closed.
	UDP    []uint16
	Probes []model.Probe
}

// ShapePort is a port of the pods that a Service speaks of.
type ShapePort struct {
	Number   uint16
	Protocol model.Protocol
	// TCPToo tells that the protocol is HTTP, and that a Service calls it TCP.
	TCPToo bool
	// Detect tells that a Service leaves it to the first bytes.
	Detect bool
	// Declared tells that every Service that speaks of it declares it TCP.
	Declared bool
}

// ClassOf answers with a pod's class and its shape; false where the pod is
// unknown or has no sidecar.
func (g *Graph) ClassOf(pod model.Key) (Class, Shape, bool) {
	p := g.pods[pod]
	if p == nil || !p.Meshed {
		return Class{}, Shape{}, false
	}
	shape := Shape{Ports: g.shapePorts(p), UDP: g.shapeUDP(p), Probes: slices.Clone(p.Probes)}
	slices.SortFunc(shape.Probes, func(a, b model.Probe) int { return strings.Compare(a.Path, b.Path) })
	return Class{Identity: p.Identity, Shape: fmt.Sprint(shape)}, shape, true
}

// shapePorts are the ports at which Services reach a pod.
func (g *Graph) shapePorts(pod *model.Pod) []ShapePort {
	ports := map[uint16]ShapePort{}
	for port, n := range g.saidOf(pod) {
		if isUDP(port) {
			continue
		}
		p := shapePort(port, n)
		if old, ok := ports[n]; ok {
			p = alsoSpoken(old, p)
		}
		ports[n] = p
	}
	return byNumber(ports)
}

func byNumber(ports map[uint16]ShapePort) []ShapePort {
	return slices.SortedFunc(maps.Values(ports), func(a, b ShapePort) int { return cmp.Compare(a.Number, b.Number) })
}

// shapePort is a port of the pods as a Service speaks of it.
func shapePort(p model.Port, number uint16) ShapePort {
	if isDetect(p) {
		return ShapePort{Number: number, Protocol: model.ProtocolHTTP, TCPToo: true, Detect: true}
	}
	return ShapePort{Number: number, Protocol: p.Protocol, Declared: isTCP(p) && !p.Undeclared}
}

// Inbound answers with what the pods of a class take in.
func (g *Graph) Inbound(id model.Identity, s Shape) model.Inbound {
	in := model.Inbound{
		TrustDomain: g.mesh.TrustDomain, MTLS: g.mtls(id.Namespace), Headers: g.mesh.Headers, Probes: s.Probes, IPv6: g.ipv6(),
	}
	allowAll := g.access(id.Namespace) == model.AccessPermissive
	grants := g.grants(id)
	for _, p := range g.inboundPorts(s, grants) {
		in.Ports = append(in.Ports, inboundPort(allowAll, grants, p))
	}
	for _, n := range s.UDP {
		in.UDP = append(in.UDP, inboundPort(allowAll, grants, ShapePort{Number: n, Protocol: model.ProtocolUDP}))
	}
	in.Other = policy(allowAll, grants, ShapePort{Protocol: model.ProtocolTCP})
	return in
}

// inboundPorts adds to a shape's ports those that a TCPRoute opens by number
// though no Service speaks of them.
func (g *Graph) inboundPorts(s Shape, grants []grant) []ShapePort {
	ports := map[uint16]ShapePort{}
	for _, gr := range grants {
		for _, n := range gr.tcp.ports {
			ports[n] = ShapePort{Number: n, Protocol: model.ProtocolTCP}
		}
	}
	for _, p := range s.Ports {
		ports[p.Number] = p
	}
	return byNumber(ports)
}

// grant is what one TrafficTarget allows, resolved.
type grant struct {
	sources []model.Identity
	// http tells that the target names HTTPRouteGroups, existing or not: a
	// missing one must not widen the rest.
	http     bool
	routes   []model.AllowedRoute
	tcp, udp portGrant
	// only is the one port that the target is about; 0 for all.
	only uint16
}

// portGrant is what a target's TCPRoutes, or its UDPRoutes, allow.
type portGrant struct {
	// named tells that it names some, existing or not.
	named bool
	// all is set by a route without ports.
	all   bool
	ports []uint16
}

// covers tells whether the routes speak of a port. Port 0 stands for those that
// nobody names.
func (p portGrant) covers(port uint16) bool {
	return p.all || (port != 0 && slices.Contains(p.ports, port))
}

func (p *portGrant) add(route *model.PortRoute) {
	p.named = true
	if route != nil {
		p.all = p.all || len(route.Ports) == 0
		p.ports = append(p.ports, route.Ports...)
	}
}

func (g *Graph) grants(dest model.Identity) []grant {
	var out []grant
	for k := range g.index.targetsOf[dest] {
		out = append(out, g.grant(g.targets[k]))
	}
	return out
}

func (g *Graph) grant(t *model.Target) grant {
	gr := g.portGrant(t)
	gr.sources = g.parties[t.Key].sources
	for _, r := range t.Rules {
		if r.Kind == model.KindHTTPRouteGroup {
			gr.routes = append(gr.routes, g.allowedRoutes(model.Key{Namespace: t.Namespace, Name: r.Name}, r.Matches)...)
		}
	}
	gr.routes = tidyRoutes(gr.routes)
	return gr
}

// portGrant is a grant as far as it is about ports.
func (g *Graph) portGrant(t *model.Target) grant {
	var gr grant
	for _, r := range t.Rules {
		key := model.Key{Namespace: t.Namespace, Name: r.Name}
		switch r.Kind {
		case model.KindHTTPRouteGroup:
			gr.http = true
		case model.KindTCPRoute:
			gr.tcp.add(g.routes[model.Ref{Kind: r.Kind, Key: key}])
		case model.KindUDPRoute:
			gr.udp.add(g.routes[model.Ref{Kind: r.Kind, Key: key}])
		}
	}
	gr.narrow(t.Port)
	return gr
}

// narrow leaves one port of what the routes speak of.
func (gr *grant) narrow(only uint16) {
	if only == 0 {
		return
	}
	gr.only = only
	gr.tcp.narrow(only)
	gr.udp.narrow(only)
}

func (p *portGrant) narrow(only uint16) {
	if p.covers(only) {
		p.all, p.ports = false, []uint16{only}
	} else {
		p.ports = nil
	}
}

// allowedRoutes are the matches of a group that a rule names; all of them where
// it names none.
func (g *Graph) allowedRoutes(group model.Key, names []string) []model.AllowedRoute {
	rg := g.groups[group]
	if rg == nil {
		return nil
	}
	var out []model.AllowedRoute
	for _, m := range rg.Matches {
		if len(names) == 0 || slices.Contains(names, m.Name) {
			out = append(out, model.AllowedRoute{Name: group.String() + "/" + m.Name, Match: m.HTTPMatch})
		}
	}
	return out
}

// callers merges what the targets allow at one port: targets only ever add
// (TrafficTarget v1alpha3: "additive").
func callers(grants []grant, p ShapePort) []model.Caller {
	var all []model.Caller
	for _, gr := range grants {
		anyRequest, routes := gr.at(p)
		if !anyRequest && len(routes) == 0 {
			continue
		}
		all = slices.Grow(all, len(gr.sources))
		for _, s := range gr.sources {
			all = append(all, model.Caller{Identity: s, Any: anyRequest, Routes: routes})
		}
	}
	slices.SortFunc(all, func(a, b model.Caller) int { return a.Identity.Compare(b.Identity) })
	out := all[:0]
	for len(all) > 0 {
		same := 1
		for same < len(all) && all[same].Identity == all[0].Identity {
			same++
		}
		out = append(out, merged(all[:same]))
		all = all[same:]
	}
	return out
}

// merged is all that one caller may do.
func merged(cs []model.Caller) model.Caller {
	c := cs[0]
	for _, o := range cs[1:] {
		c.Any = c.Any || o.Any
	}
	switch {
	case c.Any:
		c.Routes = nil
	case len(cs) > 1:
		c.Routes = nil
		for _, o := range cs {
			c.Routes = append(c.Routes, o.Routes...)
		}
		c.Routes = tidyRoutes(c.Routes)
	}
	return c
}

// at tells what a target allows at a port: everything, or some requests.
func (gr grant) at(p ShapePort) (anyRequest bool, routes []model.AllowedRoute) {
	switch {
	case gr.only != 0 && gr.only != p.Number:
		return false, nil
	case p.Protocol == model.ProtocolUDP:
		return gr.udp.covers(p.Number), nil
	case !p.Protocol.IsHTTP() && gr.http:
		// Beside HTTPRouteGroups a TCPRoute must open no port that may serve
		// requests: one that it names, and that is declared to serve none.
		return p.Declared && slices.Contains(gr.tcp.ports, p.Number), nil
	case !p.Protocol.IsHTTP():
		return gr.tcp.covers(p.Number), nil
	case gr.tcp.named && !gr.tcp.covers(p.Number):
		return false, nil
	case gr.http:
		return false, gr.routes
	default:
		return gr.tcp.named, nil
	}
}

func tidyRoutes(rs []model.AllowedRoute) []model.AllowedRoute {
	slices.SortStableFunc(rs, func(a, b model.AllowedRoute) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(rs, func(a, b model.AllowedRoute) bool { return a.Name == b.Name })
}
