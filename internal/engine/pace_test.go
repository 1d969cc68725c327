package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/model"
)

// history applies changes at some times, flushes when the engine asks for it, and
// gives when the class was pushed.
func history(t *testing.T, changes []time.Duration) (pushes []time.Duration) {
	t.Helper()
	const roots = 100
	e, c := newEngine()
	fill(e, roots)
	e.Synced()
	drain(e, c)
	m := connect(t, e, shop("svc-4-0"), model.Identity(shop("svc-4")))
	start := c.Add(time.Minute)
	last := m.Snapshot().Set(xds.ScopedRoute)
	flush := func(at time.Duration) (next time.Duration) {
		c.Time = start.Add(at)
		next = e.flush()
		if now := m.Snapshot().Set(xds.ScopedRoute); now != last {
			last = now
			pushes = append(pushes, at)
		}
		return next
	}
	for i, at := range changes {
		c.Time = start.Add(at)
		e.Put(&model.Split{
			Key: shop(fmt.Sprint("split-", i%roots)), Root: shop(fmt.Sprint("svc-", i%roots)),
			Backends: []model.Backend{{Service: shop("svc-1"), Weight: uint32(i + 1)}, {Service: shop("svc-2"), Weight: 1}},
		})
		end := time.Hour
		if i+1 < len(changes) {
			end = changes[i+1]
		}
		for next := flush(at); next > 0 && at+next < end; next = flush(at) {
			at += next
		}
	}
	return pushes
}

func every(d time.Duration, n int) (times []time.Duration) {
	for i := range n {
		times = append(times, time.Duration(i)*d)
	}
	return times
}

// TestLoneChangeIsNeverDelayed: whatever was before, a change that comes after a
// moment of quiet goes out at once.
func TestLoneChangeIsNeverDelayed(t *testing.T) {
	for name, before := range map[string][]time.Duration{
		"nothing": nil, "another": {0}, "a pair": {0, time.Millisecond},
		"a burst": every(5*time.Millisecond, 2000), "a slow burst": every(90*time.Millisecond, 300), "a trickle": every(110*time.Millisecond, 20),
	} {
		t.Run(name, func(t *testing.T) {
			last := time.Duration(0)
			if len(before) > 0 {
				last = before[len(before)-1]
			}
			lone := last + 2*Interval + time.Millisecond
			pushes := history(t, append(before[:len(before):len(before)], lone))
			if got := pushes[len(pushes)-1]; got != lone {
				t.Errorf("changed at %s, pushed at %s", lone, pushes[max(0, len(pushes)-3):])
			}
		})
	}
}

// TestTrickleIsNotABurst: changes that leave a moment between them each go out at once.
func TestTrickleIsNotABurst(t *testing.T) {
	changes := every(Interval, 50)
	if pushes := history(t, changes); fmt.Sprint(pushes) != fmt.Sprint(changes) {
		t.Errorf("changed at %s, pushed at %s", changes, pushes)
	}
}

// TestBurstIsFewPushes: 10,000 objects, each another change for the same class.
func TestBurstIsFewPushes(t *testing.T) {
	for name, test := range map[string]struct {
		apart time.Duration
		most  int
	}{
		"at once":               {0, 2},
		"as a program does":     {200 * time.Microsecond, 7},
		"as kubectl apply does": {8 * time.Millisecond, 24},
	} {
		t.Run(name, func(t *testing.T) {
			changes := every(test.apart, 10_000)
			pushes := history(t, changes)
			if len(pushes) > test.most {
				t.Errorf("%d pushes, want at most %d: %s", len(pushes), test.most, pushes)
			}
			end := changes[len(changes)-1]
			if pushes[0] != 0 || pushes[len(pushes)-1] < end || pushes[len(pushes)-1] > end+Interval {
				t.Errorf("the first goes out after %s, the last %s after it came", pushes[0], pushes[len(pushes)-1]-end)
			}
		})
	}
}

// TestSparseChangesOfABurst: one in ten objects of an apply is of concern for a
// class; what is of none for it tells that the burst goes on.
func TestSparseChangesOfABurst(t *testing.T) {
	e, c := newEngine()
	fill(e, 5)
	e.Synced()
	drain(e, c)
	m := connect(t, e, shop("svc-4-0"), model.Identity(shop("svc-4")))
	c.Time = c.Add(time.Minute)
	last, pushes := m.Snapshot(), 0
	for i := range 10_000 {
		c.Time = c.Add(18 * time.Millisecond)
		if i%10 == 0 {
			e.Put(weights(uint32(i+1), 1))
		} else {
			e.Put(&model.Split{Key: shop("nobody's"), Root: shop("nobody"), Backends: []model.Backend{{Service: shop("svc-1"), Weight: uint32(i)}}})
		}
		if e.flush(); m.Snapshot() != last {
			last = m.Snapshot()
			pushes++
		}
	}
	if most := 7 + 10_000*18/5000; pushes > most {
		t.Errorf("%d pushes of 1,000 changes among 10,000, want at most %d", pushes, most)
	}
}

// TestCanariesStepAtOnce: thirty changes a second, for long, are no apply of many
// objects: none waits for more than Interval.
func TestCanariesStepAtOnce(t *testing.T) {
	const apart = time.Second / 30
	pushes := history(t, every(apart, 600))
	for i := range pushes[1:] {
		if gap := pushes[i+1] - pushes[i]; gap > Interval+apart {
			t.Fatalf("nothing is pushed for %s", gap)
		}
	}
}
