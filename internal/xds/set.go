package xds

import (
	"hash/maphash"
	"iter"
	"slices"
	"sync/atomic"
)

// Set is what a proxy class runs of one type: an immutable set of resources by
// name, in layers that have no name in common. What only the class runs comes
// first, what all run last.
type Set struct {
	layers [depth]*Layer
	// sum is of the names' hashes, once it was asked for.
	sum atomic.Uint64
}

const depth = 3

var emptySet = Layered()

// NewSet makes a set of resources. Of two of one name the last wins.
func NewSet(rs ...*Resource) *Set { return Layered(NewLayer(rs...)) }

// Layered makes a set of three layers at most; nil stands for one without
// resources.
func Layered(layers ...*Layer) *Set {
	s := &Set{}
	for i := range s.layers {
		s.layers[i] = emptyLayer
		if i < len(layers) && layers[i] != nil {
			s.layers[i] = layers[i]
		}
	}
	return s
}

// Get finds a resource by name; nil where there is none.
func (s *Set) Get(name string) *Resource {
	for _, l := range s.layers {
		if r := l.get(name); r != nil {
			return r
		}
	}
	return nil
}

// Len counts the resources.
func (s *Set) Len() int {
	n := 0
	for _, l := range s.layers {
		n += l.tree.Len()
	}
	return n
}

// Names lists the names in order.
func (s *Set) Names() []string { return slices.Sorted(s.names()) }

func (s *Set) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		on := true
		for _, l := range s.layers {
			l.tree.Scan(func(name string, _ *Resource) bool {
				on = yield(name)
				return on
			})
			if !on {
				return
			}
		}
	}
}

// hashSeed is of this process: nobody outside can make names that look alike.
var hashSeed = maphash.MakeSeed()

// named tells whether names are those of the set, each once, in any order.
func (s *Set) named(names []string) bool {
	if len(names) != s.Len() {
		return false
	}
	sum := s.sum.Load()
	if sum == 0 {
		sum = sumOf(s.names())
		s.sum.Store(sum)
	}
	return sumOf(slices.Values(names)) == sum
}

func sumOf(names iter.Seq[string]) (sum uint64) {
	for name := range names {
		sum += maphash.String(hashSeed, name)
	}
	return sum
}

// Equal tells whether a set holds the very same resources as an older one, in the
// same layers.
func (s *Set) Equal(o *Set) bool {
	for i, l := range s.layers {
		if !l.equal(o.layers[i]) {
			return false
		}
	}
	return true
}

// since tells what leads from old to s.
func (s *Set) since(old *Set) *diff {
	var parts []*diff
	removes := false
	for i, l := range s.layers {
		if d := l.since(old.layers[i]); !d.empty() {
			parts = append(parts, d)
			removes = removes || len(d.removed) > 0
		}
	}
	switch {
	case len(parts) == 0:
		return noDiff
	case len(parts) > 1 && !removes:
		return inTurn(parts)
	}
	d := parts[0]
	for _, o := range parts[1:] {
		d = d.and(o)
	}
	return d
}

// Snapshot is all that a proxy class is to run. It is immutable, and shared by
// every proxy of the class. Secrets are not in it: they belong to one proxy.
//
// Every Endpoint is named by a Cluster of the snapshot and every Route by a
// Listener or ScopedRoute of it: a proxy counts as synced when it has asked for
// and acknowledged all of them.
type Snapshot struct {
	sets [numTypes]*Set
}

// Sets are some sets, by type; nil stands for none.
type Sets [numTypes]*Set

// NewSnapshot makes a snapshot of sets by type; a missing one is empty.
func NewSnapshot(sets map[Type]*Set) *Snapshot {
	s := &Snapshot{}
	for t := range s.sets {
		s.sets[t] = emptySet
		if set := sets[Type(t)]; set != nil {
			s.sets[t] = set
		}
	}
	return s
}

// With gives the snapshot with other sets of some types.
func (s *Snapshot) With(sets *Sets) *Snapshot {
	next := *s
	for t, set := range sets {
		if set != nil {
			next.sets[t] = set
		}
	}
	return &next
}

// Set gives the resources of one type.
func (s *Snapshot) Set(t Type) *Set { return s.sets[t] }
