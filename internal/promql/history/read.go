package history

import "slices"

// Each calls f with every series, in no order, until it says false. f must not
// block: nothing is counted meanwhile.
func (s *Store) Each(f func(*Series) bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, x := range s.series {
		if len(x.segments) > 0 && !f(x) {
			return
		}
	}
}

// Points calls f with the totals of a series at each tick in a range of time, in
// milliseconds and inclusive, in order. The totals are nil where the series had
// ended by then, and are f's only until it returns.
func (x *Series) Points(from, to int64, f func(ms int64, totals []uint64)) {
	s := x.store
	s.mu.RLock()
	defer s.mu.RUnlock()
	first, _ := slices.BinarySearch(s.times, from)
	last, found := slices.BinarySearch(s.times, to)
	if !found {
		last--
	}
	if first > last {
		return
	}
	begin, end := s.oldest+tick(first), s.oldest+tick(last)
	totals := make([]uint64, len(x.totals))
	for i := range x.segments {
		g := &x.segments[i]
		if g.last+1 < begin || g.first > end {
			continue
		}
		g.each(begin, end, totals, func(t tick) { f(s.times[t-s.oldest], totals) })
		if after := g.last + 1; g.stale && after >= begin && after <= end && (i+1 == len(x.segments) || x.segments[i+1].first > after) {
			f(s.times[after-s.oldest], nil)
		}
	}
}
