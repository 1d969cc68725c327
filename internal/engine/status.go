package engine

import (
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
	e.count(r, e.pending[r], &s)
	return s
}

func (e *Engine) count(r model.Ref, rev uint64, s *Status) {
	concern := e.graph.Concerns(r)
	for _, c := range e.classes {
		_, needs := concern.Identities[c.key.Identity]
		for k := range concern.Services {
			services := e.sights[c.key.Identity].services
			needs = needs || services[unitKey{k, false}] || services[unitKey{k, true}]
		}
		if !needs {
			continue
		}
		for m := range c.members {
			if m.ready {
				m.count(rev, s)
			}
		}
	}
	slices.Sort(s.Rejected)
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

// settle takes those objects out of pending that every proxy runs, and has
// their status looked at.
func (e *Engine) settle() {
	if !e.synced || !e.dirty.Empty() {
		return
	}
	for r, rev := range e.pending {
		var s Status
		if e.count(r, rev, &s); s.Programmed() && e.published(rev) {
			delete(e.pending, r)
			e.notify[r] = true
		}
	}
}

// published tells that no class has yet to be rebuilt for a change.
func (e *Engine) published(rev uint64) bool {
	for _, c := range e.classes {
		if c.rev < rev {
			return false
		}
	}
	return true
}
