package xds

import (
	"iter"
	"slices"
)

// Set is what a proxy class runs of one type: an immutable set of resources by
// name, in two layers that have no name in common.
type Set struct {
	// own is the class's own, shared what other classes run too.
	own, shared *Layer
}

var emptySet = Layered(nil, nil)

// NewSet makes a set of resources. Of two of one name the last wins.
func NewSet(rs ...*Resource) *Set { return Layered(nil, NewLayer(rs...)) }

// Layered makes a set of layers; nil stands for one without resources.
func Layered(own, shared *Layer) *Set {
	if own == nil {
		own = emptyLayer
	}
	if shared == nil {
		shared = emptyLayer
	}
	return &Set{own: own, shared: shared}
}

// Get finds a resource by name; nil where there is none.
func (s *Set) Get(name string) *Resource {
	if r := s.shared.get(name); r != nil {
		return r
	}
	return s.own.get(name)
}

// Len counts the resources.
func (s *Set) Len() int { return s.own.tree.Len() + s.shared.tree.Len() }

// Names lists the names in order.
func (s *Set) Names() []string { return slices.Sorted(s.names()) }

func (s *Set) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		on := true
		each := func(name string, _ *Resource) bool {
			on = yield(name)
			return on
		}
		if s.own.tree.Scan(each); on {
			s.shared.tree.Scan(each)
		}
	}
}

// Equal tells whether two sets hold the very same resources in the same layers.
func (s *Set) Equal(o *Set) bool {
	return s == o || (s.own.equal(o.own) && s.shared.equal(o.shared))
}

// since tells what leads from old to s.
func (s *Set) since(old *Set) *diff {
	return s.shared.since(old.shared).and(s.own.since(old.own))
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

// Set gives the resources of one type.
func (s *Snapshot) Set(t Type) *Set { return s.sets[t] }
