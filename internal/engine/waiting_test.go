package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/model/modeltest"
)

// settled is which of the objects that are waited for every proxy runs, found by
// asking all of them.
func settled(e *Engine) map[model.Ref]bool {
	out := map[model.Ref]bool{}
	for r, rev := range e.waiting.rev {
		if rev <= e.publishedToAll() && e.behind(r, rev) == nil {
			out[r] = true
		}
	}
	return out
}

// TestWaitingForOneIsWaitingForAll: whatever happens, and whoever acknowledges,
// nobody who is done with is waited for, and nobody else is forgotten.
func TestWaitingForOneIsWaitingForAll(t *testing.T) {
	told := 0
	for seed := range uint64(25) {
		w := modeltest.New(seed, 3)
		e, c := newEngine()
		e.Synced()
		var members []xds.Member
		for range 300 {
			f := w.Fragment()
			if w.IntN(4) == 0 {
				e.Delete(f.Ref())
			} else {
				e.Put(f)
			}
			c.Time = c.Add(time.Duration(w.IntN(150)) * time.Millisecond)
			e.flush()
			if p, ok := f.(*model.Pod); ok {
				if m := connect(t, e, p.Key, p.Identity); m != nil {
					members = append(members, m)
				}
			}
			members = slices.DeleteFunc(members, func(m xds.Member) bool {
				switch w.IntN(16) {
				case 0, 1:
					m.Synced(m.Snapshot())
				case 2:
					m.Close()
					return true
				}
				return false
			})
			before := len(e.waiting.rev)
			e.tell()
			told += before - len(e.waiting.rev)
			if w.IntN(4) > 0 {
				continue
			}
			c.Time = c.Add(patience)
			drain(e, c)
			e.waiting.stirred = true
			e.tell()
			if left := settled(e); len(left) > 0 {
				t.Fatalf("seed %d: still waited for, though every proxy runs it: %v", seed, left)
			}
		}
		for _, m := range members {
			m.Synced(m.Snapshot())
		}
		drain(e, c)
		e.tell()
		for _, m := range members {
			m.Synced(m.Snapshot())
		}
		e.tell()
		if len(e.waiting.rev)+len(e.waiting.on)+len(e.waiting.of)+len(e.waiting.open) > 0 {
			t.Fatalf("seed %d: left over: %+v", seed, e.waiting)
		}
	}
	if told == 0 {
		t.Error("nothing was ever settled")
	}
}

// TestProxyThatNeverAcknowledges: what others acknowledge costs no more for the
// objects that wait for it.
func TestProxyThatNeverAcknowledges(t *testing.T) {
	const services = 200
	e, c := newEngine()
	fill(e, services)
	e.Synced()
	drain(e, c)
	var members []xds.Member
	for i := range services {
		m := connect(t, e, shop(fmt.Sprintf("svc-%d-0", i)), model.Identity(shop(fmt.Sprintf("svc-%d", i))))
		m.Synced(m.Snapshot())
		members = append(members, m)
	}
	for i := range services {
		e.Put(&model.Split{Key: shop(fmt.Sprint("split-", i)), Root: shop(fmt.Sprint("svc-", i)), Backends: []model.Backend{{Service: shop("svc-1"), Weight: 1}}})
	}
	c.Time = c.Add(time.Second)
	drain(e, c)
	for _, m := range members[1:] {
		m.Synced(m.Snapshot())
		e.tell()
	}
	if len(e.waiting.rev) != services || len(e.waiting.of) != 1 || len(e.waiting.open) != 0 {
		t.Fatalf("%d objects wait for %d proxies, %d to be looked at", len(e.waiting.rev), len(e.waiting.of), len(e.waiting.open))
	}
	last := members[1]
	if allocs := testing.AllocsPerRun(10, func() { last.Synced(last.Snapshot()); e.tell() }); allocs > 5 {
		t.Errorf("an acknowledgement allocates %v times while %d objects wait for another proxy", allocs, services)
	}
	members[0].Close()
	e.tell()
	if len(e.waiting.rev) != 0 {
		t.Errorf("%d objects wait for a proxy that went", len(e.waiting.rev))
	}
}

// TestProxyThatRefusesEverything: what is kept of its refusals, and who is told
// of them, is bounded.
func TestProxyThatRefusesEverything(t *testing.T) {
	ref := model.Ref{Kind: model.KindTrafficSplit, Key: shop("split")}
	told := map[model.Ref]int{}
	e, c := newEngine()
	e.statusChanged = func(r model.Ref) { told[r]++ }
	fill(e, 50)
	e.Put(weights(1, 1))
	e.Synced()
	drain(e, c)
	m := connect(t, e, shop("svc-1-0"), model.Identity(shop("svc-1")))
	m.Synced(m.Snapshot())
	e.tell()
	clear(told)
	e.Put(weights(2, 1))
	c.Time = c.Add(time.Second)
	drain(e, c)
	e.tell()
	before := told[ref]
	for _, name := range m.Snapshot().Set(xds.Cluster).Names() {
		m.Rejected(xds.Cluster, m.Snapshot().Set(xds.Cluster).Get(name), "no")
		e.tell()
	}
	if told[ref]-before > 1 {
		t.Errorf("told %d times of one proxy's refusals", told[ref]-before)
	}
	if got := len(e.Status(ref).Rejected); got != maxRejected {
		t.Errorf("%d refusals are kept, want %d", got, maxRejected)
	}
	m.Rejected(xds.Cluster, m.Snapshot().Set(xds.Cluster).Get(m.Snapshot().Set(xds.Cluster).Names()[0]), "still no")
	if !e.tell() {
		t.Error("nobody will be told of the last refusal")
	}
	c.Time = c.Add(patience)
	if e.tell(); told[ref]-before != 2 {
		t.Errorf("told %d times, want 2", told[ref]-before)
	}
}
