package xds

import (
	"maps"
	"slices"
	"sync"
)

// Set is an immutable set of resources of one type, by name.
type Set struct {
	byName map[string]*Resource

	mu    sync.Mutex
	diffs diffs
}

var emptySet = &Set{}

// NewSet makes a set. Of two resources of one name the last wins.
func NewSet(rs ...*Resource) *Set {
	m := make(map[string]*Resource, len(rs))
	for _, r := range rs {
		m[r.Name] = r
	}
	return &Set{byName: m}
}

// Get finds a resource by name; nil where there is none.
func (s *Set) Get(name string) *Resource { return s.byName[name] }

// Len counts the resources.
func (s *Set) Len() int { return len(s.byName) }

// Names lists the names in order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.byName)) }

// Equal tells whether two sets hold the very same resources.
func (s *Set) Equal(o *Set) bool { return s == o || maps.Equal(s.byName, o.byName) }

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
