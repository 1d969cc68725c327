package engine

import (
	"iter"
	"maps"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// Status is how an object stands in the mesh, as far as this replica's proxies
// tell.
type Status struct {
	// Fragment is what is held of the object; nil where nothing is.
	Fragment model.Fragment
	// Diagnostics are what is wrong with it in the light of other objects.
	Diagnostics []model.Diagnostic
	// Needed counts the connected proxies that need the object, Acked those of
	// them that have acknowledged it as it is now.
	Needed, Acked int
	// Rejected names pods whose proxy refused a resource since, and why.
	Rejected []string
}

// Programmed tells that nobody has to be waited for.
func (s Status) Programmed() bool { return s.Acked == s.Needed }

// Status answers for an SMI object.
func (e *Engine) Status(r model.Ref) Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := Status{Fragment: e.graph.Fragment(r), Diagnostics: e.graph.Diagnose(r)}
	e.count(r, e.waiting.rev[r], &s)
	return s
}

func (e *Engine) count(r model.Ref, rev uint64, s *Status) {
	for m := range e.concerned(r) {
		m.count(rev, s)
	}
	slices.Sort(s.Rejected)
}

// concerned are the proxies that need an object.
func (e *Engine) concerned(r model.Ref) iter.Seq[*member] {
	concern := e.graph.Concerns(r)
	classes := map[*class]bool{}
	for id := range concern.Identities {
		maps.Copy(classes, e.identities[id])
	}
	for k := range concern.Services {
		for _, udp := range []bool{false, true} {
			if u := e.units[unitKey{k, udp}]; u != nil {
				for s := range u.sights {
					e.eachSeer(s, func(c *class) { classes[c] = true })
				}
			}
		}
	}
	return func(yield func(*member) bool) {
		for c := range classes {
			for m := range c.members {
				if m.ready && !yield(m) {
					return
				}
			}
		}
	}
}

func (m *member) count(rev uint64, s *Status) {
	s.Needed++
	if m.rev() >= rev {
		s.Acked++
		return
	}
	for resource, why := range m.rejected {
		s.Rejected = append(s.Rejected, m.pod.String()+": "+resource+": "+why)
	}
}

// settle takes those objects out that every proxy runs, and has their status
// looked at. Of the others it notes one who is waited for.
func (e *Engine) settle() {
	if !e.synced || !e.dirty.Empty() {
		return
	}
	e.waiting.again(e.now())
	if len(e.waiting.open) == 0 {
		return
	}
	published := e.publishedToAll()
	for r := range e.waiting.open {
		rev := e.waiting.rev[r]
		if rev > published {
			continue
		}
		if m := e.waiting.on[r]; m != nil && m.rev() < rev && e.isConcerned(m, r) {
			delete(e.waiting.open, r)
			continue
		}
		e.waiting.free(r)
		if m := e.behind(r, rev); m != nil {
			e.waiting.wait(r, m)
			continue
		}
		e.waiting.done(r)
		e.notify[r] = true
	}
}

// behind is one of the proxies that an object waits for; nil where there is none.
func (e *Engine) behind(r model.Ref, rev uint64) *member {
	for m := range e.concerned(r) {
		if m.rev() < rev {
			return m
		}
	}
	return nil
}

// isConcerned tells whether a proxy needs an object.
func (e *Engine) isConcerned(m *member, r model.Ref) bool {
	concern := e.graph.Concerns(r)
	if _, ok := concern.Identities[m.class.key.Identity]; ok {
		return true
	}
	for k := range concern.Services {
		for _, udp := range []bool{false, true} {
			if u := e.units[unitKey{k, udp}]; u != nil && u.sights[m.class.sight] {
				return true
			}
		}
	}
	return false
}

// publishedToAll is the newest change that no class has yet to be rebuilt for.
func (e *Engine) publishedToAll() uint64 {
	rev := e.published
	for c := range e.stale {
		rev = min(rev, c.rev)
	}
	return rev
}
