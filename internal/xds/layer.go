package xds

import (
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

	mu    sync.Mutex
	diffs diffs
}

var emptyLayer = NewLayer()

// NewLayer makes a layer. Of two resources of one name the last wins.
func NewLayer(rs ...*Resource) *Layer {
	l := &Layer{line: &line{}}
	for _, r := range rs {
		l.tree.Set(r.Name, r)
	}
	return l
}

// With gives the layer without some names and then with some resources: the
// same one where that changes nothing. It is not to be called at once by two.
func (l *Layer) With(removed []string, upserts []*Resource) *Layer {
	c := l.change(removed, upserts)
	if len(c) == 0 {
		return l
	}
	next := &Layer{tree: *l.tree.Copy()}
	for name, step := range c {
		if step.is == nil {
			next.tree.Delete(name)
		} else {
			next.tree.Set(name, step.is)
		}
	}
	next.line, next.at = l.line.follow(l.at, c)
	return next
}

// change is what becomes of each name that is not as it was.
func (l *Layer) change(removed []string, upserts []*Resource) change {
	c := change{}
	for _, name := range removed {
		if was := l.get(name); was != nil {
			c[name] = turn{was: was}
		}
	}
	for _, r := range upserts {
		was := l.get(r.Name)
		if was == r {
			delete(c, r.Name)
		} else {
			c[r.Name] = turn{was: was, is: r}
		}
	}
	return c
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
