package engine

import (
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// patience is how often those are looked at anew for whom others wait, in case
// that they are no longer concerned.
const patience = time.Second

// waiting are the objects that some proxy may not run yet. For each, one who has
// yet to acknowledge it is enough to know: until that one does, nobody else has
// to be asked. So a proxy that never does costs the others nothing.
type waiting struct {
	rev map[model.Ref]uint64
	// on is who an object waits for, of is the same by proxy.
	on map[model.Ref]*member
	of map[*member]map[model.Ref]bool
	// open are objects of which it is not known for whom they wait.
	open map[model.Ref]bool
	// looked is when all were last looked at, stirred tells that something has
	// changed since.
	looked  time.Time
	stirred bool
}

func newWaiting() waiting {
	return waiting{
		rev: map[model.Ref]uint64{}, on: map[model.Ref]*member{}, of: map[*member]map[model.Ref]bool{}, open: map[model.Ref]bool{},
	}
}

// add notes that an object has changed.
func (w *waiting) add(r model.Ref, rev uint64) {
	w.free(r)
	w.rev[r] = rev
	w.open[r] = true
	w.stirred = true
}

// wait notes for whom an object waits.
func (w *waiting) wait(r model.Ref, m *member) {
	delete(w.open, r)
	w.on[r] = m
	if w.of[m] == nil {
		w.of[m] = map[model.Ref]bool{}
	}
	w.of[m][r] = true
}

// done forgets an object.
func (w *waiting) done(r model.Ref) {
	w.free(r)
	delete(w.open, r)
	delete(w.rev, r)
}

// free ends the wait of an object for one proxy.
func (w *waiting) free(r model.Ref) {
	m := w.on[r]
	if m == nil {
		return
	}
	delete(w.on, r)
	if delete(w.of[m], r); len(w.of[m]) == 0 {
		delete(w.of, m)
	}
}

// moved has those looked at again that wait for a proxy.
func (w *waiting) moved(m *member) {
	for r := range w.of[m] {
		delete(w.on, r)
		w.open[r] = true
	}
	delete(w.of, m)
}

// again has all looked at, once in patience: who is waited for may no longer be
// concerned.
func (w *waiting) again(now time.Time) {
	if !w.stirred || now.Sub(w.looked) < patience {
		return
	}
	w.looked, w.stirred = now, false
	for r := range w.on {
		w.open[r] = true
	}
}
