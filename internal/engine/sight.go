package engine

import (
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
	// due is what the layers do not hold yet. Two Services may hand a name over, and
	// tell of it in any order.
	due [xds.Listener + 1][]xds.Step
}

// reached is an identity that may be called, by UDP or by TCP.
type reached struct {
	model.Identity
	udp bool
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

// add notes what comes and goes of a type. Sights that nothing else has happened
// to share it.
func (s *sight) add(t xds.Type, steps []xds.Step) {
	if len(s.due[t]) == 0 {
		s.due[t] = slices.Clip(steps)
	} else {
		s.due[t] = append(s.due[t], steps...)
	}
}

// steps are resources that go and others that come.
func steps(gone, come []*xds.Resource) []xds.Step {
	all := make([]xds.Step, 0, len(gone)+len(come))
	for _, r := range gone {
		all = append(all, xds.Step{Resource: r, By: -1})
	}
	for _, r := range come {
		all = append(all, xds.Step{Resource: r, By: 1})
	}
	return all
}

func some(r *xds.Resource) []*xds.Resource {
	if r == nil {
		return nil
	}
	return []*xds.Resource{r}
}

// sums remembers the last changes that were added up: most sights change alike.
type sums [xds.Listener + 1]struct {
	steps  []xds.Step
	change *xds.Change
}

func (s *sums) of(t xds.Type, steps []xds.Step) *xds.Change {
	last := &s[t]
	if !slices.Equal(last.steps, steps) {
		last.steps, last.change = steps, xds.NewChange(steps)
	}
	return last.change
}

// settle brings the layers up to date, and tells of which types they changed.
func (s *sight) settle(known *sums) types {
	var changed types
	for t, due := range s.due {
		if len(due) == 0 {
			continue
		}
		s.due[t] = nil
		if next := s.layers[t].Follow(known.of(xds.Type(t), due)); next != s.layers[t] {
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
	for t, rs := range u.made {
		s.add(xds.Type(t), steps(nil, rs))
	}
	e.unsettled[s] = true
}

func (e *Engine) unsee(s *sight, k unitKey, u *unit) {
	delete(s.units, k)
	delete(u.sights, s)
	for t, rs := range u.made {
		s.add(xds.Type(t), steps(rs, nil))
	}
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

// eachSeer calls f for the classes that have a sight.
func (e *Engine) eachSeer(s *sight, f func(*class)) {
	if s == e.common {
		for _, c := range e.classes {
			f(c)
		}
	}
	for c := range s.classes {
		f(c)
	}
}

// refreshListener rebuilds the outbound listener, which all have.
func (e *Engine) refreshListener() {
	was := e.listener.res
	if e.listener.set(envoy.OutboundListenerName, e.graph.OutboundListener(), func(l model.OutboundListener) (proto.Message, error) {
		return envoy.BuildOutboundListener(l)
	}) {
		e.common.add(xds.Listener, steps(some(was), some(e.listener.res)))
		e.unsettled[e.common] = true
	}
}
