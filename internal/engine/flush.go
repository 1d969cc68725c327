package engine

import (
	"time"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// flush rebuilds what is dirty and hands the classes their new snapshots. It
// returns how long the earliest class that must wait has to; 0 for none.
func (e *Engine) flush() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.synced {
		return 0
	}
	if !e.dirty.Empty() {
		d := e.dirty
		e.dirty = resolve.NewDirty()
		e.movePods(d)
		e.refreshSights(d)
		e.refreshUnits(d)
		e.refreshInbound(d)
		e.refreshDirect(d)
		e.sweep()
	}
	next := e.publish()
	close(e.changed)
	e.changed = make(chan struct{})
	return next
}

// movePods puts members into the class that their pod has now.
func (e *Engine) movePods(d *resolve.Dirty) {
	for pod := range d.Pods {
		for m := range e.members[pod] {
			key, shape, ok := e.graph.ClassOf(pod)
			if !ok || m.class.key == key {
				continue
			}
			delete(m.class.members, m)
			m.join(e.class(key, shape))
			m.signal()
		}
	}
}

// class finds a class, or makes it.
func (e *Engine) class(key resolve.Class, shape resolve.Shape) *class {
	if c := e.classes[key]; c != nil {
		return c
	}
	c := newClass(key, shape)
	e.classes[key] = c
	if e.sights[key.Identity] == nil {
		s := &sight{}
		e.sights[key.Identity] = s
		e.refreshSight(key.Identity, s)
	}
	c.refreshInbound(e.graph.Inbound(key.Identity, shape))
	return c
}

func (e *Engine) refreshSights(d *resolve.Dirty) {
	for id, s := range e.sights {
		_, dirty := d.Outbound[id]
		if (dirty || d.AllOutbound || d.Everything) && e.refreshSight(id, s) {
			e.eachClass(func(c *class) bool { return c.key.Identity == id }, func(c *class) { c.stale = allTypes })
		}
	}
}

func (e *Engine) refreshSight(id model.Identity, s *sight) bool {
	changed := s.set(e.graph.Sight(id))
	for k := range s.services {
		if e.units[k] == nil {
			u := newUnit()
			u.refresh(k.views(e.graph))
			e.units[k] = u
		}
	}
	return changed
}

// refreshUnits rebuilds Services. Only those that somebody sees have a unit.
func (e *Engine) refreshUnits(d *resolve.Dirty) {
	for k, u := range e.units {
		_, whole := d.Services[k.Key]
		_, endpoints := d.Endpoints[k.Key]
		switch {
		case whole || d.Everything:
			e.stale(k, u.refresh(k.views(e.graph)))
		case endpoints:
			e.stale(k, u.refreshEndpoints(e.graph.ServiceEndpoints(k.Key, k.udp)))
		default:
			continue
		}
		for _, err := range u.errors() {
			e.log.Error(err, "keep last good version", "service", k.String())
		}
	}
}

// stale marks the classes that see a Service.
func (e *Engine) stale(k unitKey, ts types) {
	if ts == 0 {
		return
	}
	e.eachClass(func(c *class) bool { return e.sights[c.key.Identity].services[k] }, func(c *class) { c.stale |= ts })
}

func (e *Engine) eachClass(want func(*class) bool, do func(*class)) {
	for _, c := range e.classes {
		if want(c) {
			do(c)
		}
	}
}

func (e *Engine) refreshInbound(d *resolve.Dirty) {
	for _, c := range e.classes {
		_, dirty := d.Inbound[c.key.Identity]
		if (dirty || d.AllInbound || d.Everything) && c.refreshInbound(e.graph.Inbound(c.key.Identity, c.shape)) {
			c.stale |= typesOf(xds.Cluster, xds.Route, xds.Listener)
		}
	}
}

// publish makes the snapshots that are due.
func (e *Engine) publish() time.Duration {
	now := e.now()
	var next time.Duration
	for _, c := range e.classes {
		due := c.stale
		if policy := due &^ endpointTypes; policy != 0 {
			if wait := c.notBefore.Sub(now); wait > 0 {
				due &= endpointTypes
				if next == 0 || wait < next {
					next = wait
				}
			} else {
				c.notBefore = now.Add(Interval)
			}
		}
		e.push(c, due)
		if c.stale == 0 {
			c.rev = e.rev
		}
	}
	return next
}

// push composes what is due, and tells the members where that is new.
func (e *Engine) push(c *class, due types) {
	c.stale &^= due
	if due == 0 || !c.compose(e.sights[c.key.Identity], e.units, due) {
		return
	}
	for m := range c.members {
		m.signal()
	}
}

// sweep forgets classes, sights and units that nobody needs.
func (e *Engine) sweep() {
	used := map[model.Identity]bool{}
	for k, c := range e.classes {
		if len(c.members) == 0 {
			delete(e.classes, k)
			continue
		}
		used[k.Identity] = true
	}
	seen := map[unitKey]bool{}
	for id, s := range e.sights {
		if !used[id] {
			delete(e.sights, id)
			continue
		}
		for k := range s.services {
			seen[k] = true
		}
	}
	for k := range e.units {
		if !seen[k] {
			delete(e.units, k)
		}
	}
}
