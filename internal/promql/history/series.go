package history

import (
	"bytes"
	"sync/atomic"

	"github.com/weft-mesh/weft/internal/figures"
)

// Series is one sum over time. It is the figures.Account that grows it.
type Series struct {
	detail figures.Detail
	store  *Store
	// totals has one sum, or one for each bucket of durations.
	totals []atomic.Uint64
	// gone tells that the store has dropped it: what is counted still brings it
	// back.
	gone atomic.Bool

	// What follows is the store's, under its lock.

	// seen are the totals at the last tick; written is when they changed.
	seen    []uint64
	written tick
	// segments are in order; only the last may be open.
	segments []segment
	open     bool
	// begun tells that there was a segment before.
	begun bool
}

var _ figures.Account = &Series{}

func newSeries(s *Store, d figures.Detail) *Series {
	width := 1
	if d.Figure == figures.Durations {
		width = len(figures.Histogram{})
	}
	return &Series{detail: d, store: s, totals: make([]atomic.Uint64, width), seen: make([]uint64, width)}
}

// Detail is what the series is of. It is not to be changed.
func (x *Series) Detail() *figures.Detail { return &x.detail }

// Count implements figures.Account.
func (x *Series) Count(n uint64) { x.live().totals[0].Add(n) }

// Durations implements figures.Account.
func (x *Series) Durations(h *figures.Histogram) {
	live := x.live()
	for i, n := range h {
		if n > 0 {
			live.totals[i].Add(n)
		}
	}
}

func (x *Series) live() *Series {
	if x.gone.Load() {
		return x.store.revive(x)
	}
	return x
}

// sample takes the totals of a tick. A series that is new was zero as long as
// its workload was there, since from.
func (x *Series) sample(now, from tick) (grown int) {
	last := len(x.segments) - 1
	if !x.open || now-x.segments[last].first >= segmentTicks {
		grown += x.begin(now, from)
		last = len(x.segments) - 1
	}
	s := &x.segments[last]
	before := len(s.data)
	if s.change(now, x.totals, x.seen) {
		x.written = now
	}
	s.last = now
	return grown + len(s.data) - before
}

// begin opens a segment, where the last one ended, or at the tick before this
// one, if the workload was there; it had seen as much.
func (x *Series) begin(now, from tick) (grown int) {
	first := max(from, now-1)
	if !x.begun {
		first, x.written = from, now
	}
	if x.open {
		first = now
		x.close(false)
	}
	s := newSegment(first, x.seen)
	x.segments = append(x.segments, s)
	x.open, x.begun = true, true
	return segmentSize + len(s.data)
}

// close ends the last segment; stale where nothing follows it.
func (x *Series) close(stale bool) {
	if !x.open {
		return
	}
	last := &x.segments[len(x.segments)-1]
	last.stale, last.data = stale, bytes.Clone(last.data)
	x.open = false
}

// trim drops the segments that ended before a tick.
func (x *Series) trim(oldest tick) (shrunk int) {
	n := 0
	for n < len(x.segments) && x.segments[n].last < oldest {
		if x.open && n == len(x.segments)-1 {
			break
		}
		shrunk += segmentSize + len(x.segments[n].data)
		n++
	}
	if n > 0 {
		x.segments = append([]segment(nil), x.segments[n:]...)
	}
	return shrunk
}
