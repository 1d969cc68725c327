package xds

import (
	"maps"
	"slices"
	"sync"
)

// turn is what one name stood for before and after; nil for nothing.
type turn struct{ was, is *Resource }

// change is what leads from one layer to the next: those names alone that are
// not as they were.
type change map[string]turn

// maxChanges bounds how far back a layer knows how it came to be. Streams that
// lag further are compared name by name.
const maxChanges = 64

// line is the last changes of a line of layers, each made from the one
// before.
type line struct {
	mu      sync.Mutex
	head    uint64
	changes [maxChanges]change // that lead to number i, at i % maxChanges
}

// follow notes what leads on from a number. Where another has already gone on
// from there a new line begins.
func (l *line) follow(from uint64, c change) (*line, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from != l.head {
		return &line{}, 0
	}
	l.head++
	l.changes[l.head%maxChanges] = c
	return l, l.head
}

// between merges the changes that lead from one number to another; false where
// they are not known any more.
func (l *line) between(from, to uint64) (change, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from > to || from+maxChanges <= l.head {
		return nil, false
	}
	if to == from+1 {
		return l.changes[to%maxChanges], true
	}
	all := change{}
	for i := from + 1; i <= to; i++ {
		for name, t := range l.changes[i%maxChanges] {
			if earlier, ok := all[name]; ok {
				t.was = earlier.was
			}
			all[name] = t
		}
	}
	return all, true
}

// diff puts a change in order.
func (c change) diff() diff {
	var d diff
	for _, name := range slices.Sorted(maps.Keys(c)) {
		t := c[name]
		if t.is == nil && t.was != nil {
			d.removed = append(d.removed, t.was)
		} else if t.is != t.was {
			d.upserts = append(d.upserts, t.is)
		}
	}
	return d
}
