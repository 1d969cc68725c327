package engine

import (
	"net/netip"
	"time"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// flush rebuilds what is dirty and hands the classes their new snapshots. It
// returns how long the earliest class that must wait has to; 0 for none. What it
// costs follows from what is dirty, not from what there is.
func (e *Engine) flush() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.synced {
		return 0
	}
	e.rebuild()
	next := e.publish()
	close(e.changed)
	e.changed = make(chan struct{})
	return next
}

// rebuild brings all that is dirty up to date.
func (e *Engine) rebuild() {
	if e.dirty.Empty() {
		return
	}
	d, start := e.dirty, e.now()
	e.dirty = resolve.NewDirty()
	e.refreshUnits(d)
	e.refreshSights(d)
	e.settleSights()
	e.movePods(d)
	e.refreshInbound(d)
	e.refreshDirect(d)
	e.metrics.rebuilt(start, e.now())
}

// movePods puts members into the class that their pod has now.
func (e *Engine) movePods(d *resolve.Dirty) {
	for pod := range d.Pods {
		for m := range e.members[pod] {
			key, shape, ok := e.graph.ClassOf(pod)
			if !ok || m.class.key == key {
				continue
			}
			old := m.class
			m.join(e.class(key, shape))
			e.leave(m, old)
			m.signal()
		}
	}
}

// refreshUnits rebuilds Services. Only those that somebody sees have a unit.
func (e *Engine) refreshUnits(d *resolve.Dirty) {
	if d.Everything {
		for k, u := range e.units {
			e.rebuilt(k, u, u.refresh(e.views(k)))
		}
		return
	}
	for _, udp := range []bool{false, true} {
		for service := range d.Services {
			k := unitKey{service, udp}
			if u := e.units[k]; u != nil {
				e.rebuilt(k, u, u.refresh(e.views(k)))
			}
		}
		for service := range d.Endpoints {
			k := unitKey{service, udp}
			if _, whole := d.Services[service]; whole || e.units[k] == nil {
				continue
			}
			e.rebuilt(k, e.units[k], e.units[k].refreshEndpoints(e.graph.ServiceEndpoints(service, udp)))
		}
	}
}

// refreshSights looks anew at who sees what: which Services are seen by whom,
// and which identities reach others than before.
func (e *Engine) refreshSights(d *resolve.Dirty) {
	if d.Listener || d.Everything {
		e.refreshListener()
	}
	if d.Everything {
		for _, k := range e.graph.Services() {
			e.place(unitKey{k, false})
			e.place(unitKey{k, true})
		}
		for id := range e.identities {
			e.resight(id)
		}
		return
	}
	for k := range d.Audience {
		e.place(unitKey{k, false})
		e.place(unitKey{k, true})
	}
	for id := range d.Outbound {
		e.resight(id)
	}
}

// resight gives the classes of an identity the sight that it has now: their own,
// brought up to date, or another that is there.
func (e *Engine) resight(id model.Identity) {
	classes := e.identities[id]
	if len(classes) == 0 {
		return
	}
	reach := e.graph.Reach(id)
	for c := range classes {
		old := c.sight
		switch {
		case reach.Key == old.reach.Key:
		case e.sights[reach.Key] == nil && len(old.classes) == len(classes):
			e.extend(old, reach) // nobody else has it
		default:
			c.see(e.sight(reach))
			e.leaveSight(old, c)
			e.mark(c, allTypes)
		}
	}
}

// settleSights hands what has changed of sights to their classes.
func (e *Engine) settleSights() {
	var known sums
	for s := range e.unsettled {
		changed := s.settle(&known)
		if changed == 0 {
			continue
		}
		e.eachSeer(s, func(c *class) { e.mark(c, changed) })
	}
	clear(e.unsettled)
}

func (e *Engine) refreshInbound(d *resolve.Dirty) {
	refresh := func(c *class) {
		e.mark(c, c.refreshInbound(e.graph.Inbound(c.key.Identity, c.shape)))
	}
	if d.AllInbound || d.Everything {
		for _, c := range e.classes {
			refresh(c)
		}
		return
	}
	for id := range d.Inbound {
		for c := range e.identities[id] {
			refresh(c)
		}
	}
	if len(d.Namespaces) == 0 {
		return
	}
	for _, c := range e.classes {
		if _, in := d.Namespaces[c.key.Identity.Namespace]; in {
			refresh(c)
		}
	}
}

// refreshDirect resolves anew what proxies asked for by address.
func (e *Engine) refreshDirect(d *resolve.Dirty) {
	if d.Everything {
		for a := range e.directs {
			e.refreshAddress(a)
		}
		return
	}
	for a := range d.Addresses {
		e.refreshAddress(a)
	}
}

func (e *Engine) refreshAddress(a netip.Addr) {
	for r := range e.directs[a] {
		r.refresh(e.graph)
	}
}

// mark notes that a class has to have another snapshot. Until it has, it holds
// what was published last.
func (e *Engine) mark(c *class, ts types) {
	if ts == 0 {
		return
	}
	if c.stale == 0 {
		c.rev = e.published
		e.stale[c] = true
	}
	c.stale |= ts
}

// publish makes the snapshots that are due.
func (e *Engine) publish() time.Duration {
	now := e.now()
	var next time.Duration
	for c := range e.stale {
		due := c.stale
		if policy := due &^ endpointTypes; policy != 0 {
			if wait := c.pace.wait(now, e.burst); wait > 0 {
				due &= endpointTypes
				if next == 0 || wait < next {
					next = wait
				}
			}
		}
		e.push(c, due)
	}
	e.published = e.rev
	return next
}

// push composes what is due, and tells the members where that is new.
func (e *Engine) push(c *class, due types) {
	if c.stale &^= due; c.stale == 0 {
		delete(e.stale, c)
	}
	if due == 0 || !c.compose(due) {
		return
	}
	for m := range c.members {
		m.signal()
	}
}
