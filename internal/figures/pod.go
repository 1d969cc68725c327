package figures

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unique"

	"github.com/weft-mesh/weft/translators/model"
)

// Target is a pod whose sidecar counts.
type Target struct {
	// UID tells a pod from a later one of its name.
	UID     string
	Pod     model.Key
	Node    string
	Own     Workload
	Address netip.Addr
}

// pod is what is known of one Target.
type pod struct {
	target Target
	// offset is its place in a round.
	offset time.Duration
	// busy tells that it is being read: who reads owns reader and failures.
	busy   atomic.Bool
	reader *reader
	// failures are those in a row, rest how many rounds it is left alone for
	// them.
	failures, rest int

	mu      sync.RWMutex
	keys    []rowKey
	records []record
}

// rowKey is kept once for all pods: those of one Deployment have the same peers.
type rowKey = unique.Handle[peerKey]

// touches tells whether a row has to do with a namespace.
func touches(k rowKey, namespace string) bool {
	key := k.Value()
	return key.touches(namespace)
}

// due tells whether to read it in this round, and marks it busy. Its address
// may be another one by now.
func (p *pod) due(t Target) bool {
	if !p.busy.CompareAndSwap(false, true) {
		return false
	}
	if p.rest > 0 {
		p.rest--
		p.busy.Store(false)
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = t
	return true
}

// expired tells of a pod that is gone whether no window reaches what it counted.
func (p *pod) expired(now time.Duration) bool {
	if p.busy.Load() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trim(now)
	return len(p.records) == 0
}

// put takes what a reading gave.
func (p *pod) put(o outcome, s *scratch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trim(o.record.to)
	for _, a := range o.added {
		if grow := int(a.row) + 1 - len(p.keys); grow > 0 {
			p.keys = append(p.keys, make([]rowKey, grow)...)
		}
		p.keys[a.row] = unique.Make(a.key)
	}
	if len(o.record.data) > 0 {
		p.records = append(p.records, o.record)
		p.merge(o.record.to, s)
	}
}

// Records that are older than fine are put together to spans of coarse: most is
// asked of windows that are short, and long ones can do with less.
const (
	fine   = time.Minute
	coarse = 30 * time.Second
)

// merge puts the two youngest of the old records together, if they fit.
func (p *pod) merge(now time.Duration, s *scratch) {
	old := 0
	for old < len(p.records) && p.records[old].to <= now-fine {
		old++
	}
	if old < 2 {
		return
	}
	a, b := &p.records[old-2], p.records[old-1]
	if b.to-a.from > coarse {
		return
	}
	s.sums = append(s.sums[:0], make([]Counts, len(p.keys))...)
	addCounts(a.data, s.sums)
	addCounts(b.data, s.sums)
	a.to, a.data = b.to, encode(s)
	p.records = slices.Delete(p.records, old-1, old)
}

// trim drops the records that no window reaches.
func (p *pod) trim(now time.Duration) {
	old := 0
	for old < len(p.records) && p.records[old].to <= now-keep {
		old++
	}
	p.records = slices.Delete(p.records, 0, old)
}

// window is the time that rows are asked of.
type window struct {
	start, end time.Duration
}

// slack is by how much the time of a record may begin before the window that it
// ends in: what was counted in a long silence is not said to be of a short
// window. It is half a coarse span, so that on average nothing is lost.
const slack = coarse / 2

func (w window) has(r record) bool {
	return r.to > w.start && r.to <= w.end && r.from >= w.start-slack
}

// rows gives those of the window that touch the namespace, if one is given,
// until yield says false.
func (p *pod) rows(w window, namespace string, s *scratch, yield func(*Row) bool) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	all := namespace == "" || p.target.Own.Namespace == namespace
	if !all && !slices.ContainsFunc(p.keys, func(k rowKey) bool { return touches(k, namespace) }) {
		return true
	}
	s.sums = append(s.sums[:0], make([]Counts, len(p.keys))...)
	for _, r := range p.records {
		if w.has(r) {
			addCounts(r.data, s.sums)
		}
	}
	row := &s.row
	for i := range s.sums {
		if s.sums[i] == (Counts{}) || (!all && !touches(p.keys[i], namespace)) {
			continue
		}
		row.Key, row.Counts = p.key(p.keys[i]), s.sums[i]
		if !yield(row) {
			return false
		}
	}
	return true
}

func (p *pod) key(of rowKey) Key {
	k := of.Value()
	return Key{
		Side: k.side, Reporter: p.target.Pod, Node: p.target.Node, Own: p.target.Own,
		Peer: k.peer, PeerIdentity: k.identity, Service: k.service, Split: k.split, Backend: k.backend,
		Port: k.port, Protocol: k.protocol,
	}
}
