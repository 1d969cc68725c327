package xds

import (
	"cmp"
	"slices"
)

// Step is a resource that comes (By is 1) or goes (-1).
type Step struct {
	*Resource
	By int8
}

// Change is what leads from one layer to the next: those names alone that are not
// as they were. It is immutable; layers that change alike share it.
type Change struct {
	turns []turn // in the order of names
	diff  diff
}

// turn is what one name stood for before and after; nil for nothing.
type turn struct {
	name    string
	was, is *Resource
}

// NewChange adds up what came and what went, in whatever order that is told: a
// resource may go from one owner to another, and a name from one resource to
// another.
func NewChange(steps []Step) *Change {
	if !slices.IsSortedFunc(steps, byName) {
		steps = slices.Clone(steps)
		slices.SortStableFunc(steps, byName)
	}
	turns := make([]turn, 0, len(steps))
	for len(steps) > 0 {
		same := 1
		for same < len(steps) && steps[same].Name == steps[0].Name {
			same++
		}
		if t := sum(steps[:same]); t.was != t.is {
			turns = append(turns, t)
		}
		steps = steps[same:]
	}
	return changeOf(turns)
}

func byName(a, b Step) int { return cmp.Compare(a.Name, b.Name) }

// sum is what becomes of one name.
func sum(steps []Step) turn {
	t := turn{name: steps[0].Name}
	for i, s := range steps {
		if slices.ContainsFunc(steps[:i], func(e Step) bool { return e.Resource == s.Resource }) {
			continue
		}
		n := 0
		for _, o := range steps[i:] {
			if o.Resource == s.Resource {
				n += int(o.By)
			}
		}
		switch {
		case n < 0:
			t.was = s.Resource
		case n > 0:
			t.is = s.Resource
		}
	}
	return t
}

func changeOf(turns []turn) *Change {
	c := &Change{turns: turns}
	for _, t := range turns {
		if t.is == nil {
			c.diff.removed = append(c.diff.removed, t.was)
		} else {
			c.diff.upserts = append(c.diff.upserts, t.is)
		}
	}
	return c
}

// on is the change as it is to a layer, which may hold by a name what nobody told
// of: most often the same.
func (c *Change) on(l *Layer) *Change {
	if !slices.ContainsFunc(c.turns, func(t turn) bool { return l.get(t.name) != t.was }) {
		return c
	}
	var turns []turn
	for _, t := range c.turns {
		if t.was = l.get(t.name); t.was != t.is {
			turns = append(turns, t)
		}
	}
	return changeOf(turns)
}

// then joins two changes, of which the one follows the other.
func (c *Change) then(next *Change) *Change {
	if c == nil {
		return next
	}
	var turns []turn
	a, b := c.turns, next.turns
	for len(a) > 0 || len(b) > 0 {
		var t turn
		switch {
		case len(b) == 0 || (len(a) > 0 && a[0].name < b[0].name):
			t, a = a[0], a[1:]
		case len(a) == 0 || b[0].name < a[0].name:
			t, b = b[0], b[1:]
		default:
			t = turn{b[0].name, a[0].was, b[0].is}
			a, b = a[1:], b[1:]
		}
		if t.was != t.is {
			turns = append(turns, t)
		}
	}
	return changeOf(turns)
}
