package resolve

import (
	"iter"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// named tells that an endpoint names its pod. Those that people and operators
// write by hand do not: then the pods that have the address are behind it.
func named(a model.Address) bool { return a.Pod != model.Key{} }

// sameEndpoint tells that the same pods are behind two endpoints.
func sameEndpoint(a, b model.Address) bool {
	return a.Pod == b.Pod && (named(a) || a.Addr == b.Addr)
}

// meshed tells whether an endpoint is spoken to by mutual TLS: one of a pod that it
// names, or nil.
func (g *Graph) meshed(a model.Address, pod *model.Pod, s *model.EndpointSlice, udp bool) bool {
	by := func(p *model.Pod) bool { return p.Meshed && !(udp && passesUDP(p, s)) }
	if pod != nil {
		return by(pod)
	}
	for k := range g.index.podsAt[a.Addr] {
		if by(g.pods[k]) {
			return true
		}
	}
	return false
}

// slicesLeadingTo are the slices with a pod in them, of which one may come twice.
func (g *Graph) slicesLeadingTo(p *model.Pod) iter.Seq[*model.EndpointSlice] {
	return func(yield func(*model.EndpointSlice) bool) {
		for k := range g.index.slicesWith[p.Key] {
			if !yield(g.slices[k]) {
				return
			}
		}
		for _, a := range p.Addresses {
			for k := range g.index.slicesAt[a] {
				if !yield(g.slices[k]) {
					return
				}
			}
		}
	}
}

// servicesWith adds the Services that a pod is behind.
func (g *Graph) servicesWith(p *model.Pod, to set[model.Key]) {
	for s := range g.slicesLeadingTo(p) {
		to.add(s.Service)
	}
}

// saidOf is what Services say of a pod: their ports, and the number of the pod's
// that each leads to. Services of its own namespace alone are asked: an endpoint
// can be written for any address, and who writes one elsewhere must not decide
// what is spoken at ports of this pod. What they lead here is a call to the pod's
// address. A slice whose Service is not known, be it new or gone already, says
// nothing.
func (g *Graph) saidOf(p *model.Pod) iter.Seq2[model.Port, uint16] {
	return func(yield func(model.Port, uint16) bool) {
		for slice := range g.slicesLeadingTo(p) {
			s := g.services[slice.Service]
			if s == nil || s.Namespace != p.Namespace {
				continue
			}
			for _, port := range s.Ports {
				if n, ok := podPort(port, slice, p); ok && !yield(port, n) {
					return
				}
			}
		}
	}
}

// podPort finds the port of a pod that a port of a Service leads to: by its name in
// the slice, as Kubernetes does. A port that is being renamed has another name
// there until the slice follows; then the Service and the pod say the number, if
// the slice has it. Of an endpoint that names no pod it is nil.
func podPort(p model.Port, s *model.EndpointSlice, pod *model.Pod) (uint16, bool) {
	number := p.Target
	if p.TargetName != "" && pod != nil {
		i := slices.IndexFunc(pod.Ports, func(t model.TargetPort) bool { return t.Name == p.TargetName && t.UDP == isUDP(p) })
		if i >= 0 {
			number = pod.Ports[i].Number
		}
	}
	found := false
	for _, t := range s.Ports {
		switch {
		case t.UDP != isUDP(p):
		case t.Name == p.Name:
			return t.Number, true
		case t.Number == number:
			found = true
		}
	}
	return number, found
}
