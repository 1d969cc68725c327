package sidecars

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Watch waits for a resource to come to every sidecar, or to go.
type Watch struct {
	kind Kind
	part string
	from time.Time

	mu    sync.Mutex
	seen  []bool
	times []time.Duration
	want  int
	done  chan struct{}
}

// Watch begins to wait for something of a kind whose name has a part. There is
// one at a time.
func (f *Fleet) Watch(k Kind, part string) *Watch {
	w := &Watch{kind: k, part: part, from: time.Now(), seen: make([]bool, len(f.sidecars)), want: len(f.sidecars) - int(f.slow.Load()), done: make(chan struct{})}
	f.watch.Store(w)
	return w
}

// Done is closed when all have acknowledged it.
func (w *Watch) Done() <-chan struct{} { return w.done }

// From is when it began.
func (w *Watch) From() time.Time { return w.from }

// Times are how long after the beginning the sidecars acknowledged it, in order.
func (w *Watch) Times() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	times := slices.Clone(w.times)
	slices.Sort(times)
	return times
}

// acknowledged is called by a sidecar that has answered a response.
func (w *Watch) acknowledged(s *Sidecar, r *response) {
	if w == nil || r.kind != w.kind || !w.holds(r) {
		return
	}
	after := time.Since(w.from)
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.slow() || w.seen[s.index] {
		return
	}
	w.seen[s.index] = true
	if w.times = append(w.times, after); len(w.times) == w.want {
		close(w.done)
	}
}

func (w *Watch) holds(r *response) bool {
	is := func(n int32) bool { return strings.Contains(r.table.named(n).name, w.part) }
	return slices.ContainsFunc(r.changed, func(e entry) bool { return is(e.name) }) || slices.ContainsFunc(r.removed, is)
}
