package resolve

import (
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// undeclaredPorts are the Services that leave open what some of their ports speak.
// The graph's Services have what is decided of it.
type undeclaredPorts struct {
	// written are those Services as their authors wrote them.
	written map[model.Key]*model.Service
	in      relation[string, model.Key] // namespace → such Services
	// pending are those to decide of anew before the change is over.
	pending set[model.Key]
}

func newUndeclared() undeclaredPorts {
	return undeclaredPorts{written: map[model.Key]*model.Service{}, in: relation[string, model.Key]{}}
}

// written is a Service as its author wrote it; nil where there is none.
func (g *Graph) written(k model.Key) *model.Service {
	if s := g.undeclared.written[k]; s != nil {
		return s
	}
	return g.services[k]
}

func isUndeclared(p model.Port) bool { return p.Protocol == model.ProtocolUndeclared }

// note keeps what a Service leaves open, and has it and its kin decided of.
func (g *Graph) note(k model.Key, f *model.Service) {
	open := f != nil && slices.ContainsFunc(f.Ports, isUndeclared)
	g.undeclared.in.put(k.Namespace, k, open)
	if open {
		g.undeclared.written[k] = f
	} else {
		delete(g.undeclared.written, k)
	}
	g.unsettle(k)
}

// unsettle has the ports of a Service, and of those that splits join it with,
// decided of anew: what has changed may speak of them.
func (g *Graph) unsettle(k model.Key) {
	if len(g.undeclared.written) == 0 {
		return
	}
	for service := range g.kin(k) {
		g.undeclared.pending.add(service)
	}
}

// unsettleServers does so for the Services in front of an identity's pods.
func (g *Graph) unsettleServers(id model.Identity) {
	if len(g.undeclared.written) == 0 {
		return
	}
	for k := range g.index.servicesBy[id] {
		g.unsettle(k)
	}
}

// unsettleDefaults does so for the Services of a namespace, of which another
// default holds. No other Service's ports follow from that.
func (g *Graph) unsettleDefaults(namespace string) {
	for k := range g.undeclared.in[namespace] {
		g.undeclared.pending.add(k)
	}
}

// settle decides of the ports that a change may have spoken of. Nothing that is
// decided follows from another decision, so that the order is all the same.
func (g *Graph) settle(d *Dirty) {
	pending := g.undeclared.pending
	g.undeclared.pending = nil
	for k := range pending {
		w := g.undeclared.written[k]
		if w == nil {
			continue
		}
		if now := g.decided(w); !slices.Equal(now.Ports, g.services[k].Ports) {
			g.placeService(k, now, d)
		}
	}
	g.settleRules(d)
}

// decided is a Service with a protocol for each port.
func (g *Graph) decided(written *model.Service) *model.Service {
	if !slices.ContainsFunc(written.Ports, isUndeclared) {
		return written
	}
	s := *written
	s.Ports = slices.Clone(s.Ports)
	for i, p := range s.Ports {
		if isUndeclared(p) {
			s.Ports[i].Protocol, s.Ports[i].Undeclared = g.decide(s.Key, p), true
		}
	}
	return &s
}

// decide says what an undeclared port speaks: what policy says of it, else what
// the Services speak that a split joins it with, else the namespace's default,
// else the mesh's.
func (g *Graph) decide(k model.Key, p model.Port) model.Protocol {
	if ruled := g.ruled(k, p); ruled != "" {
		return ruled
	}
	if joined := g.joined(k, p.Number); joined != "" {
		return joined
	}
	return g.defaultProtocol(k.Namespace)
}

func (g *Graph) defaultProtocol(namespace string) model.Protocol {
	if n := g.namespaces[namespace]; n != nil && n.DefaultProtocol != "" {
		return n.DefaultProtocol
	}
	return g.mesh.DefaultProtocol
}

// detects tells that a port's protocol is detected: routes lead to requests there.
func (g *Graph) detects(k model.Key, number uint16) bool {
	return slices.ContainsFunc(g.services[k].Ports, func(p model.Port) bool { return p.Number == number && isDetect(p) })
}

// joined is what the Services speak at a port that splits join one with, of what
// is declared or ruled: HTTP where one does. None where nothing is said.
func (g *Graph) joined(k model.Key, number uint16) model.Protocol {
	var found model.Protocol
	for service := range g.kin(k) {
		switch p := g.said(service, number); {
		case p == model.ProtocolHTTP2, p == model.ProtocolHTTP && found != model.ProtocolHTTP2, found == "":
			found = p
		}
	}
	return found
}

// said is what is declared, or ruled, of a port by its number.
func (g *Graph) said(k model.Key, number uint16) model.Protocol {
	s := g.written(k)
	if s == nil {
		return ""
	}
	for _, p := range s.Ports {
		switch {
		case p.Number != number || isUDP(p):
		case isUndeclared(p):
			return g.ruled(k, p)
		default:
			return p.Protocol
		}
	}
	return ""
}

// ruled is what policy says of an undeclared port; empty where it says nothing.
// Who names the port is heard before who speaks of all ports, and a group before
// a TCPRoute: whoever writes both means requests.
func (g *Graph) ruled(k model.Key, p model.Port) model.Protocol {
	numbers := g.podPorts(k, p)
	var r rulings
	for _, id := range g.facts[k].identities {
		for t := range g.index.targetsOf[id] {
			r.hear(g.portGrant(g.targets[t]), numbers)
		}
	}
	r.everyRequest = r.everyRequest || g.splitByRequests(k)
	switch {
	case r.requests:
		return model.ProtocolHTTP
	case r.connections && r.everyRequest && g.defaultProtocol(k.Namespace) == model.ProtocolDetect:
		return model.ProtocolDetect
	case r.connections:
		return model.ProtocolTCP
	case r.everyRequest:
		return model.ProtocolHTTP
	}
	return ""
}

// rulings are what TrafficTargets say of a port.
type rulings struct {
	// requests tells that a target with HTTPRouteGroups names it, connections
	// that one of TCPRoutes alone does.
	requests, connections bool
	// everyRequest tells that a target's HTTPRouteGroups are for all ports.
	everyRequest bool
}

func (r *rulings) hear(gr grant, numbers []uint16) {
	named := slices.ContainsFunc(numbers, gr.names)
	switch {
	case gr.http && named:
		r.requests = true
	case gr.http && gr.only == 0 && (!gr.tcp.named || gr.tcp.all):
		r.everyRequest = true
	case !gr.http && named:
		r.connections = true
	}
}

// names tells that a target is about a port by its number.
func (gr grant) names(port uint16) bool {
	if gr.http && !gr.tcp.named {
		return gr.only == port
	}
	return slices.Contains(gr.tcp.ports, port)
}

// splitByRequests tells that a split on a Service looks at requests.
func (g *Graph) splitByRequests(root model.Key) bool {
	for s := range g.index.splitsOf[root] {
		if g.splits[s].Matched {
			return true
		}
	}
	return false
}

// asksPods tells that pods themselves have to say where a port of their Service
// leads, as its slices do not know it yet.
func (g *Graph) asksPods(k model.Key) bool {
	s := g.services[k]
	if s == nil {
		return false
	}
	for _, p := range s.Ports {
		if p.TargetName == "" {
			continue
		}
		for slice := range g.index.slicesOf[k] {
			if _, ok := podPort(p, g.slices[slice], nil); !ok {
				return true
			}
		}
	}
	return false
}

// podPorts are the numbers that pods serve a port of their Service under.
func (g *Graph) podPorts(k model.Key, p model.Port) []uint16 {
	var numbers []uint16
	lead := func(slice *model.EndpointSlice, pod *model.Pod) bool {
		n, ok := podPort(p, slice, pod)
		if ok && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
		return ok
	}
	for s := range g.index.slicesOf[k] {
		slice := g.slices[s]
		if lead(slice, nil) || p.TargetName == "" {
			continue
		}
		for _, a := range slice.Endpoints {
			lead(slice, g.pods[a.Pod])
		}
	}
	return numbers
}
