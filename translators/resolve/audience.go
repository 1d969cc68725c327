package resolve

import (
	"iter"
	"maps"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// Audience is who needs to know of a Service.
type Audience struct {
	// All tells that every proxy does.
	All bool
	// Identities are those behind it, sorted: who may call one of them does. None
	// where nobody does, or all.
	Identities []model.Identity
}

// open tells that all may call an identity.
func (g *Graph) open(id model.Identity) bool {
	return g.access(id.Namespace) == model.AccessPermissive
}

// Audience answers for a Service's TCP ports, requests included: those who may
// call some pod behind it or behind a backend of a split on it, and all who see
// a root whose split leads to it.
func (g *Graph) Audience(k model.Key) Audience {
	if g.services[k] == nil {
		return Audience{}
	}
	var ids []model.Identity
	for base := range g.bases(k) {
		if g.services[base] == nil || !g.inMesh(base) {
			continue
		}
		if g.empty(base) {
			return Audience{All: true}
		}
		for service := range g.behindBase(base) {
			f := g.facts[service]
			if f.open || slices.ContainsFunc(f.identities, g.open) {
				return Audience{All: true}
			}
			if len(ids) == 0 {
				ids = slices.Clip(f.identities) // in order, each once; most often all, else it is copied
			} else {
				ids = append(ids, f.identities...)
			}
		}
	}
	if !slices.IsSortedFunc(ids, model.Identity.Compare) {
		slices.SortFunc(ids, model.Identity.Compare)
	}
	return Audience{Identities: slices.Compact(ids)}
}

// bases are the Services that calls to a Service's pods are made by: itself, and
// the roots of the splits that lead to it, of which one may come twice.
func (g *Graph) bases(k model.Key) iter.Seq[model.Key] {
	return func(yield func(model.Key) bool) {
		if !yield(k) {
			return
		}
		for s := range g.index.splitsTo[k] {
			if !yield(g.splits[s].Root) {
				return
			}
		}
	}
}

// behindBase are the Services that calls to a Service go on to, of which one may
// come twice.
func (g *Graph) behindBase(k model.Key) iter.Seq[model.Key] {
	return func(yield func(model.Key) bool) {
		if !yield(k) {
			return
		}
		for s := range g.index.splitsOf[k] {
			for _, b := range g.splits[s].Backends {
				if !yield(b.Service) {
					return
				}
			}
		}
	}
}

// UDPAudience answers for a Service's UDP ports: who may send there by a
// TrafficTarget with a UDPRoute, or all, as it is outside of the mesh. To the
// others it refuses, as a Service does that nobody is behind.
func (g *Graph) UDPAudience(k model.Key) Audience {
	s := g.services[k]
	if s == nil || !slices.ContainsFunc(s.Ports, isUDP) {
		return Audience{}
	}
	meshed, open := g.behind(k)
	if len(meshed) == 0 {
		return Audience{All: open && g.mesh.Egress == model.EgressAllow}
	}
	if slices.ContainsFunc(meshed, g.open) {
		return Audience{All: true}
	}
	return Audience{Identities: meshed}
}

// ServicesOf are the Services whose Audience or UDPAudience may name an
// identity, of which one may come twice.
func (g *Graph) ServicesOf(id model.Identity) iter.Seq[model.Key] {
	return func(yield func(model.Key) bool) {
		for k := range g.index.servicesBy[id] {
			for service := range g.kin(k) {
				if !yield(service) {
					return
				}
			}
		}
	}
}

// kin are the Services whose audience may name who is behind one.
func (g *Graph) kin(k model.Key) iter.Seq[model.Key] {
	return func(yield func(model.Key) bool) {
		for base := range g.bases(k) {
			for service := range g.behindBase(base) {
				if !yield(service) {
					return
				}
			}
		}
	}
}

// audienceDirty marks the Services whose audience may differ after a change of a
// Service, or of who is behind it.
func (g *Graph) audienceDirty(k model.Key, d *Dirty) {
	for service := range g.kin(k) {
		d.Audience.add(service)
	}
}

// Sight is what the proxies of one identity know of, sorted.
type Sight struct {
	// Services are those whose clusters, endpoints and routes they need.
	Services []model.Key
	// UDP are those whose UDPViews they need.
	UDP []model.Key
}

// Sight answers for an identity, by asking of each Service there is.
func (g *Graph) Sight(id model.Identity) Sight {
	var s Sight
	r := g.Reach(id)
	for k := range g.services {
		if g.Audience(k).admits(r.Identities) {
			s.Services = append(s.Services, k)
		}
		if g.UDPAudience(k).admits(r.UDP) {
			s.UDP = append(s.UDP, k)
		}
	}
	slices.SortFunc(s.Services, model.Key.Compare)
	slices.SortFunc(s.UDP, model.Key.Compare)
	return s
}

func (a Audience) admits(reach []model.Identity) bool {
	return a.All || slices.ContainsFunc(a.Identities, func(id model.Identity) bool {
		_, ok := slices.BinarySearchFunc(reach, id, model.Identity.Compare)
		return ok
	})
}

// Services are all that there are.
func (g *Graph) Services() []model.Key { return slices.Collect(maps.Keys(g.services)) }
