package history

import (
	"encoding/binary"
	"sync/atomic"
)

// tick numbers the times at which totals are looked at.
type tick int32

// segmentTicks is how many ticks a segment spans, once it has begun with a tick
// of its own: with five seconds between them, five minutes.
const segmentTicks = 60

// segmentSize is what a segment costs but for its data.
const segmentSize = 64

// segment is what the totals of a series were in some ticks. Ticks at which
// nothing changed cost nothing.
type segment struct {
	first, last tick
	// at is the tick of the last entry.
	at    tick
	stale bool
	// data are entries: ticks since the one before, how many totals changed, and
	// by how much. The first one has all the totals that are not zero.
	data []byte
}

func newSegment(first tick, totals []uint64) segment {
	s := segment{first: first, last: first, at: first}
	s.entry(0, totals)
	return s
}

// change notes by how much totals have grown since they were seen; not ok where
// they have not.
func (s *segment) change(now tick, totals []atomic.Uint64, seen []uint64) bool {
	grown := make([]uint64, len(totals))
	any := false
	for i := range totals {
		n := totals[i].Load()
		grown[i] = n - seen[i]
		seen[i] = n
		any = any || grown[i] > 0
	}
	if any {
		s.entry(now-s.at, grown)
		s.at = now
	}
	return any
}

func (s *segment) entry(ticks tick, by []uint64) {
	filled := 0
	for _, n := range by {
		if n > 0 {
			filled++
		}
	}
	s.data = append(binary.AppendUvarint(s.data, uint64(ticks)), byte(filled))
	for i, n := range by {
		if n > 0 {
			s.data = binary.AppendUvarint(append(s.data, byte(i)), n)
		}
	}
}

// each calls f with the totals of every tick in a range, in order.
func (s *segment) each(from, to tick, totals []uint64, f func(tick)) {
	clear(totals)
	rest := s.data
	now := s.first
	from, to = max(from, s.first), min(to, s.last)
	for len(rest) > 0 {
		skip, n := binary.Uvarint(rest)
		next := now + tick(skip)
		// Until the entry that follows nothing changes.
		for t := max(now, from); t < next && t <= to && len(rest) < len(s.data); t++ {
			f(t)
		}
		now = next
		rest = apply(rest[n:], totals)
	}
	for t := max(now, from); t <= to; t++ {
		f(t)
	}
}

// apply adds one entry's changes.
func apply(rest []byte, totals []uint64) []byte {
	filled := rest[0]
	rest = rest[1:]
	for range filled {
		by, n := binary.Uvarint(rest[1:])
		totals[rest[0]] += by
		rest = rest[1+n:]
	}
	return rest
}
