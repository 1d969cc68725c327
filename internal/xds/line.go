package xds

import "sync"

// maxChanges bounds how far back a layer knows how it came to be. Streams that
// lag further are compared name by name.
const maxChanges = 64

// line is the last changes of a line of layers, each made from the one
// before.
type line struct {
	mu   sync.Mutex
	head uint64
	// changes lead to the last numbers: number i is at (i-1) % maxChanges. Most
	// layers never change.
	changes []*Change
}

// follow notes what leads on from a number. Where another has already gone on
// from there a new line begins.
func (l *line) follow(from uint64, c *Change) (*line, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from != l.head {
		return &line{}, 0
	}
	if len(l.changes) < maxChanges {
		l.changes = append(l.changes, c)
	} else {
		l.changes[l.head%maxChanges] = c
	}
	l.head++
	return l, l.head
}

// between joins the changes that lead from one number to another; nil where they
// are not known any more.
func (l *line) between(from, to uint64) *Change {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from >= to || from+maxChanges <= l.head {
		return nil
	}
	var all *Change
	for i := from; i < to; i++ {
		all = all.then(l.changes[i%maxChanges])
	}
	return all
}
