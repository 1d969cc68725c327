package xds

import (
	"cmp"
	"slices"
	"sync"
	"weak"

	"github.com/tidwall/btree"
)

// diff is what leads from one set to another, in the order of names; or layer by
// layer, if nothing is removed. It is made once for all proxies that go the same
// way, and is not to be written to.
type diff struct {
	upserts []*Resource
	removed []*Resource
	// parts, if there, are diffs whose upserts these are, one after the other.
	parts  []*diff
	shared shared
}

var noDiff = &diff{}

func (d *diff) empty() bool { return len(d.upserts)+len(d.removed) == 0 }

// inTurn puts diffs one after the other that remove nothing.
func inTurn(parts []*diff) *diff {
	all := &diff{parts: parts}
	for _, d := range parts {
		all.upserts = append(all.upserts, d.upserts...)
	}
	return all
}

// and joins the diffs of two layers, which have no name in common; but one may
// have moved from the one to the other.
func (d *diff) and(o *diff) *diff {
	switch {
	case o.empty():
		return d
	case d.empty():
		return o
	}
	moved := map[string]*Resource{}
	d, o = d.without(o, moved), o.without(d, moved)
	all := &diff{upserts: inOrder(d.upserts, o.upserts), removed: inOrder(d.removed, o.removed)}
	if len(moved) > 0 {
		all.upserts = slices.DeleteFunc(all.upserts, func(r *Resource) bool { return moved[r.Name] == r })
	}
	return all
}

// without leaves out the removals that the other diff has an upsert for, and
// notes what was removed.
func (d *diff) without(o *diff, moved map[string]*Resource) *diff {
	came := func(r *Resource) bool {
		_, ok := slices.BinarySearchFunc(o.upserts, r.Name, func(u *Resource, name string) int { return cmp.Compare(u.Name, name) })
		return ok
	}
	if !slices.ContainsFunc(d.removed, came) {
		return d
	}
	var rest []*Resource
	for _, r := range d.removed {
		if came(r) {
			moved[r.Name] = r
		} else {
			rest = append(rest, r)
		}
	}
	return &diff{upserts: d.upserts, removed: rest}
}

func inOrder(a, b []*Resource) []*Resource {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b *Resource) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// maxDiffs bounds from how many older layers the way to one is remembered.
// Most proxies come from the last; slow ones from a few before it.
const maxDiffs = 8

// diffs remembers the ways to one layer. It holds older ones weakly: it must not
// keep every layer alive that ever was.
type diffs struct {
	from [maxDiffs]weak.Pointer[Layer]
	to   [maxDiffs]*pendingDiff
	next int
}

type pendingDiff struct {
	once sync.Once
	diff *diff
}

// since tells what leads from old to l. It is worked out once for each pair.
func (l *Layer) since(old *Layer) *diff {
	switch {
	case l == old:
		return noDiff
	case l.line == old.line && l.at == old.at+1:
		return &l.by.diff
	}
	p := l.pendingSince(old)
	p.once.Do(func() { p.diff = l.compare(old) })
	return p.diff
}

func (l *Layer) pendingSince(old *Layer) *pendingDiff {
	key := weak.Make(old)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.diffs == nil {
		l.diffs = &diffs{}
	}
	if i := slices.Index(l.diffs.from[:], key); i >= 0 {
		return l.diffs.to[i]
	}
	p := &pendingDiff{}
	i := l.diffs.next
	l.diffs.from[i], l.diffs.to[i] = key, p
	l.diffs.next = (i + 1) % maxDiffs
	return p
}

func (l *Layer) compare(old *Layer) *diff {
	if l.line == old.line {
		if c := l.line.between(old.at, l.at); c != nil {
			return &c.diff
		}
	}
	return walk(&old.tree, &l.tree)
}

// walk compares name by name.
func walk(from, to *btree.Map[string, *Resource]) *diff {
	d := &diff{}
	old, now := from.Iter(), to.Iter()
	inOld, inNow := old.First(), now.First()
	for inOld || inNow {
		switch {
		case !inNow || (inOld && old.Key() < now.Key()):
			d.removed = append(d.removed, old.Value())
			inOld = old.Next()
		case !inOld || now.Key() < old.Key():
			d.upserts = append(d.upserts, now.Value())
			inNow = now.Next()
		default:
			if old.Value() != now.Value() {
				d.upserts = append(d.upserts, now.Value())
			}
			inOld, inNow = old.Next(), now.Next()
		}
	}
	return d
}
