package xds

import (
	"cmp"
	"slices"
	"sync"
	"weak"
)

// diff is what leads from one set to another, in the order of names. It is
// made once for all proxies that go the same way, and is not to be written to.
type diff struct {
	upserts []*Resource
	removed []*Resource
}

// maxDiffs bounds from how many older sets the way to one set is remembered.
// Most proxies come from the last set; slow ones from a few before it.
const maxDiffs = 8

// diffs remembers the ways to one set. It holds older sets weakly: it must not
// keep every set alive that ever was.
type diffs struct {
	from [maxDiffs]weak.Pointer[Set]
	to   [maxDiffs]*pendingDiff
	next int
}

type pendingDiff struct {
	once sync.Once
	diff diff
}

// since tells what leads from old to s. The walk over all names is done once
// for each pair.
func (s *Set) since(old *Set) *diff {
	p := s.pendingSince(old)
	p.once.Do(func() { p.diff = compare(old, s) })
	return &p.diff
}

func (s *Set) pendingSince(old *Set) *pendingDiff {
	key := weak.Make(old)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.diffs.from[:], key); i >= 0 {
		return s.diffs.to[i]
	}
	p := &pendingDiff{}
	i := s.diffs.next
	s.diffs.from[i], s.diffs.to[i] = key, p
	s.diffs.next = (i + 1) % maxDiffs
	return p
}

func compare(from, to *Set) diff {
	var d diff
	for name, r := range to.byName {
		if from.byName[name] != r {
			d.upserts = append(d.upserts, r)
		}
	}
	for name, r := range from.byName {
		if to.byName[name] == nil {
			d.removed = append(d.removed, r)
		}
	}
	slices.SortFunc(d.upserts, byName)
	slices.SortFunc(d.removed, byName)
	return d
}

func byName(a, b *Resource) int { return cmp.Compare(a.Name, b.Name) }
