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
	reach   resolve.Reach
	classes map[*class]bool
	units   map[unitKey]*unit

	layers layers
	// fresh tells that it has no layers yet: they are made of its units at once.
	fresh bool
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
	return &sight{reach: r, fresh: true, classes: map[*class]bool{}, units: make(map[unitKey]*unit, len(r.Identities)+len(r.UDP))}
}

// fill makes the layers of a fresh sight.
func (s *sight) fill() {
	s.fresh = false
	for t := range s.layers {
		s.due[t] = nil
		n := 0
		for _, u := range s.units {
			n += len(u.made[t])
		}
		all := make([]*xds.Resource, 0, n)
		for _, u := range s.units {
			all = append(all, u.made[t]...)
		}
		s.layers[t] = xds.NewLayer(all...)
	}
}

// eachReached calls f for all of a reach that another has not.
func eachReached(r, but resolve.Reach, f func(reached)) {
	eachBut(r.Identities, but.Identities, func(id model.Identity) { f(reached{id, false}) })
	eachBut(r.UDP, but.UDP, func(id model.Identity) { f(reached{id, true}) })
}

// eachBut goes through what one sorted list has and another has not.
func eachBut(ids, but []model.Identity, f func(model.Identity)) {
	for _, id := range ids {
		for len(but) > 0 && but[0].Compare(id) < 0 {
			but = but[1:]
		}
		if len(but) == 0 || but[0] != id {
			f(id)
		}
	}
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

// addUnit notes the resources of a Service, as steps tells.
func (s *sight) addUnit(u *unit, steps func([]*xds.Resource) []xds.Step) {
	if s.fresh {
		return
	}
	for t, rs := range u.made {
		s.add(xds.Type(t), steps(rs))
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

func coming(rs []*xds.Resource) []xds.Step { return steps(nil, rs) }
func going(rs []*xds.Resource) []xds.Step  { return steps(rs, nil) }

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
	if s.fresh {
		s.fill()
		return allTypes
	}
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
	s.addUnit(u, coming)
	e.unsettled[s] = true
}

func (e *Engine) unsee(s *sight, k unitKey, u *unit) {
	delete(s.units, k)
	s.addUnit(u, going)
	e.unsettled[s] = true
	e.leaveUnit(s, k, u)
}

// leaveUnit forgets a unit that nobody sees any more.
func (e *Engine) leaveUnit(s *sight, k unitKey, u *unit) {
	if delete(u.sights, s); len(u.sights) == 0 {
		delete(e.units, k)
	}
}

// sight finds the sight of a reach, or makes it.
func (e *Engine) sight(r resolve.Reach) *sight {
	if s := e.sights[r.Key]; s != nil {
		return s
	}
	s := newSight(r)
	e.sights[r.Key], e.unsettled[s] = s, true
	eachReached(r, resolve.Reach{}, func(id reached) {
		e.reaches(s, id, true)
		for service := range e.graph.ServicesOf(id.Identity) {
			e.placeFor(s, unitKey{service, id.udp})
		}
	})
	return s
}

// extend gives a sight another reach: only what is behind those who come or go is
// looked at.
func (e *Engine) extend(s *sight, r resolve.Reach) {
	was := s.reach
	delete(e.sights, was.Key)
	s.reach = r
	e.sights[r.Key] = s
	var moved []reached
	eachReached(was, r, func(id reached) {
		e.reaches(s, id, false)
		moved = append(moved, id)
	})
	eachReached(r, was, func(id reached) {
		e.reaches(s, id, true)
		moved = append(moved, id)
	})
	for _, id := range moved {
		for service := range e.graph.ServicesOf(id.Identity) {
			e.placeFor(s, unitKey{service, id.udp})
		}
	}
}

// placeFor has one sight see a unit, or see it no longer, as its reach says.
func (e *Engine) placeFor(s *sight, k unitKey) {
	may := slices.ContainsFunc(k.audience(e.graph).Identities, func(id model.Identity) bool { return e.reachers[reached{id, k.udp}][s] })
	switch u := s.units[k]; {
	case may:
		e.see(s, k)
	case u != nil:
		e.unsee(s, k, u)
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
	delete(e.sights, s.reach.Key)
	eachReached(s.reach, resolve.Reach{}, func(id reached) { e.reaches(s, id, false) })
	for k, u := range s.units {
		e.leaveUnit(s, k, u)
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
	view := e.graph.OutboundListener()
	was := e.listener.res
	if e.listener.set(envoy.OutboundListenerName, view, func(l model.OutboundListener) (proto.Message, error) {
		return envoy.BuildOutboundListener(l)
	}) {
		e.common.add(xds.Listener, steps(some(was), some(e.listener.res)))
		e.unsettled[e.common] = true
	}
	e.refreshDetect(envoy.Detects(view), view.Headers)
}

func (e *Engine) refreshDetect(wanted bool, h model.HeaderLimits) {
	was := e.detect.res
	if wanted {
		e.detect.set(envoy.DetectListenerName, h, func(h model.HeaderLimits) (proto.Message, error) { return envoy.BuildDetectListener(h), nil })
	} else {
		e.detect = slot[model.HeaderLimits]{built: e.metrics.built}
	}
	if e.detect.res != was {
		e.common.add(xds.Listener, steps(some(was), some(e.detect.res)))
		e.unsettled[e.common] = true
	}
}
