package sidecars

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Delays are how long changes that follow each other took to be acknowledged,
// by any sidecar.
type Delays struct {
	kind Kind
	// begun is when the resource of a number was changed.
	mu     sync.RWMutex
	begun  map[int32]time.Time
	table  *table
	counts [longest]atomic.Int64 // by millisecond
}

// longest is what is counted as that or longer, in milliseconds.
const longest = 20_000

// Time begins to time the changes of a kind that Begin tells of.
func (f *Fleet) Time(k Kind) *Delays {
	d := &Delays{kind: k, begun: map[int32]time.Time{}, table: f.table}
	f.delays.Store(d)
	return d
}

// Begin says that the resources whose name has a part are about to change.
func (d *Delays) Begin(part string) {
	numbers := d.table.find(d.kind, part)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range numbers {
		d.begun[n] = time.Now()
	}
}

func (d *Delays) acknowledged(r *response) {
	if d == nil || r.kind != d.kind {
		return
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, e := range r.changed {
		if begun, ok := d.begun[e.name]; ok {
			d.counts[min(time.Since(begun).Milliseconds(), longest-1)].Add(1)
		}
	}
}

// Quantile is the delay that a part of all acknowledgements did not exceed.
func (d *Delays) Quantile(q float64) time.Duration {
	all := int64(0)
	for i := range d.counts {
		all += d.counts[i].Load()
	}
	passed := int64(0)
	for i := range d.counts {
		if passed += d.counts[i].Load(); passed > 0 && float64(passed) >= q*float64(all) {
			return time.Duration(i+1) * time.Millisecond
		}
	}
	return 0
}

// find is the numbers of all names of a kind that have a part.
func (t *table) find(k Kind, part string) []int32 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var all []int32
	for name, n := range t.numbers[k] {
		if strings.Contains(name, part) {
			all = append(all, n)
		}
	}
	return all
}
