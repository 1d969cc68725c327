package engine

import (
	"iter"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// layers holds something for each type of resource that a class runs.
type layers [xds.Listener + 1]*xds.Layer

// sight is what proxies see of the mesh. One is common to all; beside it each
// has one that it shares with those that may call the same.
type sight struct {
	key     string
	reach   map[reached]bool
	classes map[*class]bool
	units   map[unitKey]*unit

	layers layers
	// due is what the layers do not hold yet.
	due [xds.Listener + 1]balance
}

// reached is an identity that may be called, by UDP or by TCP.
type reached struct {
	model.Identity
	udp bool
}

// balance counts how often a resource came, less how often it went. Two Services
// may hand a name over, and tell of it in any order.
type balance map[*xds.Resource]int

func (b *balance) add(rs []*xds.Resource, n int) {
	if *b == nil && len(rs) > 0 {
		*b = balance{}
	}
	for _, r := range rs {
		(*b)[r] += n
	}
}

func newSight(r resolve.Reach) *sight {
	s := &sight{key: r.Key(), reach: reaching(r), classes: map[*class]bool{}, units: map[unitKey]*unit{}}
	for t := range s.layers {
		s.layers[t] = xds.NewLayer()
	}
	return s
}

// reaching is all of a reach.
func reaching(r resolve.Reach) map[reached]bool {
	all := make(map[reached]bool, len(r.Identities)+len(r.UDP))
	for _, id := range r.Identities {
		all[reached{id, false}] = true
	}
	for _, id := range r.UDP {
		all[reached{id, true}] = true
	}
	return all
}

// add notes resources that come (n is 1) or go (-1).
func (s *sight) add(rs resources, n int) {
	for t := range rs {
		s.due[t].add(rs[t], n)
	}
}

func some(r *xds.Resource) []*xds.Resource {
	if r == nil {
		return nil
	}
	return []*xds.Resource{r}
}

// settle brings the layers up to date, and tells of which types they changed.
func (s *sight) settle() types {
	var changed types
	for t, due := range s.due {
		if len(due) == 0 {
			continue
		}
		s.due[t] = nil
		var gone []string
		var come []*xds.Resource
		for r, n := range due {
			switch {
			case n < 0:
				gone = append(gone, r.Name)
			case n > 0:
				come = append(come, r)
			}
		}
		if next := s.layers[t].With(gone, come); next != s.layers[t] {
			s.layers[t] = next
			changed |= typesOf(xds.Type(t))
		}
	}
	return changed
}

func (k unitKey) audience(g *resolve.Graph) resolve.Audience {
	if k.udp {
		return g.UDPAudience(k.Key)
	}
	return g.Audience(k.Key)
}

// place puts a unit where it is to be seen, and makes or forgets it.
func (e *Engine) place(k unitKey) {
	seers := map[*sight]bool{}
	a := k.audience(e.graph)
	if a.All {
		seers[e.common] = true
	}
	for _, id := range a.Identities {
		maps.Copy(seers, e.reachers[reached{id, k.udp}])
	}
	u := e.units[k]
	if u != nil {
		for s := range u.sights {
			if !seers[s] {
				e.unsee(s, k, u)
			}
		}
	}
	for s := range seers {
		e.see(s, k)
	}
}

func (e *Engine) see(s *sight, k unitKey) {
	if s.units[k] != nil {
		return
	}
	u := e.unit(k)
	s.units[k], u.sights[s] = u, true
	s.add(u.made, 1)
	e.unsettled[s] = true
}

func (e *Engine) unsee(s *sight, k unitKey, u *unit) {
	delete(s.units, k)
	delete(u.sights, s)
	s.add(u.made, -1)
	e.unsettled[s] = true
	if len(u.sights) == 0 {
		delete(e.units, k)
	}
}

// sight finds the sight of a reach, or makes it.
func (e *Engine) sight(r resolve.Reach) *sight {
	if s := e.sights[r.Key()]; s != nil {
		return s
	}
	s := newSight(r)
	e.sights[s.key] = s
	for id := range s.reach {
		e.reaches(s, id, true)
		for service := range e.graph.ServicesOf(id.Identity) {
			k := unitKey{service, id.udp}
			if slices.Contains(k.audience(e.graph).Identities, id.Identity) {
				e.see(s, k)
			}
		}
	}
	return s
}

// extend gives a sight another reach: only what is behind those who come or go is
// looked at.
func (e *Engine) extend(s *sight, r resolve.Reach) {
	was := s.reach
	delete(e.sights, s.key)
	s.key, s.reach = r.Key(), reaching(r)
	e.sights[s.key] = s
	var moved []reached
	for id := range was {
		if !s.reach[id] {
			e.reaches(s, id, false)
			moved = append(moved, id)
		}
	}
	for id := range s.reach {
		if !was[id] {
			e.reaches(s, id, true)
			moved = append(moved, id)
		}
	}
	for _, id := range moved {
		for service := range e.graph.ServicesOf(id.Identity) {
			e.place(unitKey{service, id.udp})
		}
	}
}

// reaches notes whether a sight's identities may call one.
func (e *Engine) reaches(s *sight, id reached, may bool) {
	if may && e.reachers[id] == nil {
		e.reachers[id] = map[*sight]bool{}
	}
	if may {
		e.reachers[id][s] = true
	} else if delete(e.reachers[id], s); len(e.reachers[id]) == 0 {
		delete(e.reachers, id)
	}
}

// leaveSight forgets a sight that nobody has any more.
func (e *Engine) leaveSight(s *sight, c *class) {
	delete(s.classes, c)
	if len(s.classes) > 0 {
		return
	}
	delete(e.sights, s.key)
	for id := range s.reach {
		e.reaches(s, id, false)
	}
	for k, u := range s.units {
		e.unsee(s, k, u)
	}
	delete(e.unsettled, s)
}

// seers are the classes that have a sight.
func (e *Engine) seers(s *sight) iter.Seq[*class] {
	if s == e.common {
		return maps.Values(e.classes)
	}
	return maps.Keys(s.classes)
}

// refreshListener rebuilds the outbound listener, which all have.
func (e *Engine) refreshListener() {
	was := e.listener.res
	if e.listener.set(envoy.OutboundListenerName, e.graph.OutboundListener(), func(l model.OutboundListener) (proto.Message, error) {
		return envoy.BuildOutboundListener(l)
	}) {
		e.common.due[xds.Listener].add(some(was), -1)
		e.common.due[xds.Listener].add(some(e.listener.res), 1)
		e.unsettled[e.common] = true
	}
}
