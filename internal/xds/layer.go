package xds

import (
	"cmp"
	"slices"
	"sync"

	"github.com/tidwall/btree"
)

// Layer is an immutable set of resources of one type, by name, that the sets of
// many classes share. What follows from it by a change shares all that has not
// changed, and remembers the change: neither making it nor telling it from the
// one before costs more for more resources.
type Layer struct {
	// tree is only ever copied on write once the layer is made.
	tree btree.Map[string, *Resource]
	line *line
	at   uint64
	// by is what led to it; nil for a layer that was made by itself.
	by *Change

	mu    sync.Mutex
	diffs *diffs // from others than the last before it
}

var emptyLayer = NewLayer()

// NewLayer makes a layer, and puts the resources in order. Of two of one name the
// last wins.
func NewLayer(rs ...*Resource) *Layer {
	slices.SortStableFunc(rs, func(a, b *Resource) int { return cmp.Compare(a.Name, b.Name) })
	l := &Layer{line: &line{}}
	for _, r := range rs {
		l.tree.Load(r.Name, r)
	}
	return l
}

// With gives the layer without some names and then with some resources: the
// same one where that changes nothing. It is not to be called at once by two.
func (l *Layer) With(removed []string, upserts []*Resource) *Layer {
	var steps []Step
	for _, name := range removed {
		steps = append(steps, Step{&Resource{Name: name}, -1})
	}
	for _, r := range upserts {
		steps = append(steps, Step{r, 1})
	}
	return l.Follow(NewChange(steps))
}

// Follow gives the layer after a change: the same one where that is none. It is
// not to be called at once by two.
func (l *Layer) Follow(c *Change) *Layer {
	if c = c.on(l); len(c.turns) == 0 {
		return l
	}
	next := &Layer{tree: *l.tree.Copy(), by: c}
	for _, t := range c.turns {
		if t.is == nil {
			next.tree.Delete(t.name)
		} else {
			next.tree.Set(t.name, t.is)
		}
	}
	next.line, next.at = l.line.follow(l.at, c)
	return next
}

func (l *Layer) get(name string) *Resource {
	r, _ := l.tree.Get(name)
	return r
}

// equal tells whether a layer holds the very same resources as an older one. Asked
// the other way round it is as right, but looks at every name.
func (l *Layer) equal(o *Layer) bool {
	if l == o {
		return true
	}
	d := l.since(o)
	return len(d.upserts)+len(d.removed) == 0
}
