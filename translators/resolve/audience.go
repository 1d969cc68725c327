package resolve

import (
	"iter"
	"maps"
	"slices"
	"strings"

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

// Reach is whom an identity may call beyond those that all may, sorted.
type Reach struct {
	Identities []model.Identity // by TCP, requests included
	UDP        []model.Identity
}

// Key is the same for equal ones.
func (r Reach) Key() string {
	var key strings.Builder
	for _, ids := range [][]model.Identity{r.Identities, r.UDP} {
		for _, id := range ids {
			key.WriteString(id.String())
			key.WriteByte(' ')
		}
		key.WriteByte('|')
	}
	return key.String()
}

// Reach answers for an identity.
func (g *Graph) Reach(id model.Identity) Reach {
	all, udp := set[model.Identity]{}, set[model.Identity]{}
	for t := range g.index.targetsFrom[id] {
		all.add(g.parties[t].destinations...)
		if slices.ContainsFunc(g.targets[t].Rules, func(r model.TargetRule) bool { return r.Kind == model.KindUDPRoute }) {
			udp.add(g.parties[t].destinations...)
		}
	}
	return Reach{g.closed(all), g.closed(udp)}
}

// closed are those that not all may call.
func (g *Graph) closed(ids set[model.Identity]) []model.Identity {
	maps.DeleteFunc(ids, func(id model.Identity, _ struct{}) bool { return g.open(id) })
	return slices.SortedFunc(maps.Keys(ids), model.Identity.Compare)
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
			if f := g.facts[service]; f.open || slices.ContainsFunc(f.identities, g.open) {
				return Audience{All: true}
			}
			ids = append(ids, g.facts[service].identities...)
		}
	}
	slices.SortFunc(ids, model.Identity.Compare)
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
// identity.
func (g *Graph) ServicesOf(id model.Identity) map[model.Key]struct{} {
	var all set[model.Key]
	for k := range g.index.servicesBy[id] {
		g.addKin(&all, k)
	}
	return all
}

// addKin adds the Services whose audience may name who is behind one.
func (g *Graph) addKin(to *set[model.Key], k model.Key) {
	for base := range g.bases(k) {
		for service := range g.behindBase(base) {
			to.add(service)
		}
	}
}

// audienceDirty marks the Services whose audience may differ after a change of a
// Service, or of who is behind it.
func (g *Graph) audienceDirty(k model.Key, d *Dirty) {
	g.addKin(&d.Audience, k)
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
