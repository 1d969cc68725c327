package resolve

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// facts is what the endpoints of a Service say of it.
type facts struct {
	// identities are the service accounts of the meshed pods behind it, sorted.
	identities []model.Identity
	// open tells that some endpoint is outside the mesh.
	open bool
	// udp and udpOpen are the same of its UDP ports: pods may have them pass by
	// their sidecar.
	udp     []model.Identity
	udpOpen bool
}

func (f facts) meshed() bool { return len(f.identities) > 0 }

func (f facts) equal(o facts) bool {
	return f.open == o.open && f.udpOpen == o.udpOpen && slices.Equal(f.identities, o.identities) && slices.Equal(f.udp, o.udp)
}

// refreshFacts looks at a Service's endpoints anew, and tells whether its
// facts have changed.
func (g *Graph) refreshFacts(k model.Key) bool {
	old, now := g.facts[k], g.factsOf(k)
	if now.equal(old) {
		return false
	}
	for _, i := range old.identities {
		g.index.servicesBy.remove(i, k)
		g.index.serversIn.put(i.Namespace, i, len(g.index.servicesBy[i]) > 0)
	}
	for _, i := range now.identities {
		g.index.servicesBy.add(i, k)
		g.index.serversIn.add(i.Namespace, i)
	}
	if now.meshed() || now.open {
		g.facts[k] = now
	} else {
		delete(g.facts, k)
	}
	return true
}

// empty tells that nobody is behind a Service. Everybody sees such a one, so that
// a request to it is answered with 503, not led astray.
func (g *Graph) empty(k model.Key) bool {
	_, some := g.facts[k]
	return g.services[k] != nil && !some
}

func (g *Graph) factsOf(k model.Key) facts {
	f := tally{identities: set[model.Identity]{}, udp: set[model.Identity]{}}
	for s := range g.index.slicesOf[k] {
		slice := g.slices[s]
		for _, a := range slice.Endpoints {
			if named(a) {
				f.add(g.pods[a.Pod], slice)
				continue
			}
			meshed := false
			for k := range g.index.podsAt[a.Addr] {
				if p := g.pods[k]; p.Meshed {
					f.add(p, slice)
					meshed = true
				}
			}
			f.open = f.open || !meshed
		}
	}
	return f.facts()
}

// tally adds up facts.
type tally struct {
	identities, udp set[model.Identity]
	open, udpOpen   bool
}

// add counts a pod behind an endpoint of a slice; one that is not known yet says
// nothing.
func (t *tally) add(p *model.Pod, s *model.EndpointSlice) {
	switch {
	case p == nil:
	case !p.Meshed:
		t.open = true
	case passesUDP(p, s):
		t.identities.add(p.Identity)
		t.udpOpen = true
	default:
		t.identities.add(p.Identity)
		t.udp.add(p.Identity)
	}
}

func (t *tally) facts() facts {
	return facts{
		identities: slices.SortedFunc(maps.Keys(t.identities), model.Identity.Compare), open: t.open,
		udp: slices.SortedFunc(maps.Keys(t.udp), model.Identity.Compare), udpOpen: t.udpOpen || t.open,
	}
}

// access is the mode in force for the pods of a namespace.
func (g *Graph) access(namespace string) model.Access {
	if n := g.namespaces[namespace]; n != nil && n.Access != model.AccessUnset {
		return n.Access
	}
	return g.mesh.Access
}

func (g *Graph) mtls(namespace string) model.MTLS {
	if n := g.namespaces[namespace]; n != nil && n.MTLS != "" {
		return n.MTLS
	}
	return model.MTLSStrict
}

// ipv6 tells whether the cluster has IPv6 addresses: in one of both families all
// pods have some, so that a first Service with one is nothing new.
func (g *Graph) ipv6() bool { return len(g.index.ipv6) > 0 || g.index.ipv6Pods > 0 }

// podPrefix is the block of addresses that a pod's address stands for: small
// enough to hold pods alone, wide enough not to change with every pod.
func podPrefix(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}
