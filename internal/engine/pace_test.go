package engine

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

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
// pause goes out at once. After very many objects a pause is a second.
func TestLoneChangeIsNeverDelayed(t *testing.T) {
	for name, test := range map[string]struct {
		before []time.Duration
		quiet  time.Duration
	}{
		"nothing": {nil, 0}, "another": {every(0, 1), Interval}, "a pair": {every(time.Millisecond, 2), Interval},
		"twenty at once": {every(0, 20), Interval}, "a slow burst": {every(90*time.Millisecond, 300), Interval},
		"a trickle": {every(110*time.Millisecond, 20), Interval}, "a burst": {every(5*time.Millisecond, 2000), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			lone := time.Minute
			if n := len(test.before); n > 0 {
				lone = test.before[n-1] + test.quiet
			}
			pushes := history(t, append(test.before[:len(test.before):len(test.before)], lone))
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
		"at once":                   {0, 2},
		"as a program does":         {200 * time.Microsecond, 2},
		"as kubectl apply does":     {8 * time.Millisecond, 10},
		"as it does when it's slow": {24 * time.Millisecond, 26},
	} {
		t.Run(name, func(t *testing.T) {
			changes := every(test.apart, 10_000)
			pushes := history(t, changes)
			if len(pushes) > test.most {
				t.Errorf("%d pushes, want at most %d: %s", len(pushes), test.most, pushes)
			}
			end := changes[len(changes)-1]
			if pushes[0] != 0 || pushes[len(pushes)-1] < end || pushes[len(pushes)-1] > end+time.Second {
				t.Errorf("the first goes out after %s, the last %s after it came", pushes[0], pushes[len(pushes)-1]-end)
			}
		})
	}
}

// paced gives when a class is pushed that changes at some of many times, as the
// engine's loop does: it looks at each change, and when it said that it would.
func paced(changes []time.Duration, concerns func(i int) bool) (pushes []time.Duration) {
	var b burst
	var p pace
	start := time.Unix(1_800_000_000, 0)
	stale := false
	look := func(at time.Duration) (next time.Duration) {
		if !stale {
			return 0
		}
		if next = p.wait(start.Add(at), b); next == 0 {
			stale = false
			pushes = append(pushes, at)
		}
		return next
	}
	for i, at := range changes {
		b.touch(start.Add(at))
		stale = stale || concerns(i)
		for next := look(at); next > 0 && (i+1 == len(changes) || at+next < changes[i+1]); next = look(at) {
			at += next
		}
	}
	return pushes
}

// TestLawOfPace draws histories of single changes, bursts and pauses: what comes
// alone never waits, nothing waits for more than maxInterval, and what is left
// is out within a second of the last change.
func TestLawOfPace(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		changes := []time.Duration{0}
		for len(changes) < 2000 {
			apart := time.Duration(r.ExpFloat64() * float64([]time.Duration{time.Millisecond, 20 * time.Millisecond, 80 * time.Millisecond, time.Second}[r.IntN(4)]))
			for range 1 + r.IntN(300) {
				changes = append(changes, changes[len(changes)-1]+time.Duration(r.ExpFloat64()*float64(apart)))
			}
		}
		some := make([]bool, len(changes))
		for i := range some {
			some[i] = seed%2 == 0 || r.IntN(10) == 0
		}
		pushes := paced(changes, func(i int) bool { return some[i] })
		for i, at := range changes {
			if !some[i] {
				continue
			}
			n, _ := slices.BinarySearch(pushes, at)
			if n == len(pushes) {
				t.Fatalf("seed %d: what changed at %s is never pushed", seed, at)
			}
			most := maxInterval
			if i == 0 || at-changes[i-1] >= time.Second {
				most = 0
			}
			if wait := pushes[n] - at; wait > most {
				t.Fatalf("seed %d: changed at %s, %s after another, and waited for %s", seed, at, at-changes[max(i-1, 0)], wait)
			}
		}
		if late := pushes[len(pushes)-1] - changes[len(changes)-1]; late > time.Second {
			t.Fatalf("seed %d: the last push is %s after the last change", seed, late)
		}
	}
}

// TestOthersApplyIsNoDelay: what concerns a class now and then goes out at once,
// whatever is applied for others.
func TestOthersApplyIsNoDelay(t *testing.T) {
	const seldom = 1300 // of a change each 8 ms
	changes := every(8*time.Millisecond, 10_000)
	pushes := paced(changes, func(i int) bool { return i%seldom == 0 })
	for i, at := range pushes {
		if at != changes[i*seldom] {
			t.Fatalf("changed at %s, pushed at %s", changes[i*seldom], at)
		}
	}
}

// TestHaltsDoNotEndAnApply: kubectl that halts for 0.9 s after each 100 objects.
func TestHaltsDoNotEndAnApply(t *testing.T) {
	changes := every(8*time.Millisecond, 3000)
	for i := range changes {
		changes[i] += time.Duration(i/100) * 900 * time.Millisecond
	}
	if pushes := paced(changes, func(int) bool { return true }); len(pushes) > 10 {
		t.Errorf("%d pushes in %s: %s", len(pushes), changes[len(changes)-1], pushes)
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
	if most := 5 + 10_000*18/10_000; pushes > most {
		t.Errorf("%d pushes of 1,000 changes among 10,000, want at most %d", pushes, most)
	}
}

// TestCanariesStepAtOnce: a thousand canaries that step once a minute are no
// apply of many objects: none waits for more than Interval.
func TestCanariesStepAtOnce(t *testing.T) {
	const apart = time.Minute / 1000
	pushes := history(t, every(apart, 2000))
	for i := range pushes[1:] {
		if gap := pushes[i+1] - pushes[i]; gap > Interval+apart {
			t.Fatalf("nothing is pushed for %s", gap)
		}
	}
}

// TestWhatIsReadAtStartIsNoBurst, and neither are pods that come and go.
func TestWhatIsReadAtStartIsNoBurst(t *testing.T) {
	e, c := newEngine()
	fill(e, 300)
	e.Synced()
	drain(e, c)
	for i := range 300 {
		e.Put(endpoints(fmt.Sprint("svc-", i), netip.AddrFrom4([4]byte{198, 18, 7, byte(i)})))
		e.Delete(model.Ref{Kind: model.KindPod, Key: shop(fmt.Sprintf("svc-%d-0", i))})
	}
	if e.burst != (burst{}) {
		t.Errorf("it is taken for %+v", e.burst)
	}
}

// TestPodsArePacedToo: what pods change of a class's policy is no burst, but has
// Interval between two pushes all the same.
func TestPodsArePacedToo(t *testing.T) {
	var p pace
	now := time.Unix(1_800_000_000, 0)
	if wait := p.wait(now, burst{}); wait != 0 {
		t.Errorf("the first waits for %s", wait)
	}
	if wait := p.wait(now.Add(Interval/4), burst{}); wait != Interval-Interval/4 {
		t.Errorf("the next waits for %s", wait)
	}
}

// TestPushIntervalIsSeen: an operator sees that many objects are being applied.
func TestPushIntervalIsSeen(t *testing.T) {
	e, _ := newEngine()
	r := prometheus.NewRegistry()
	if err := e.Register(r); err != nil {
		t.Fatal(err)
	}
	fill(e, 5)
	e.Synced()
	for _, want := range []float64{0.1, 5} {
		text := fmt.Sprintf("# HELP weft_engine_push_interval_seconds Time between two pushes of policy to one kind of proxies: long while very many objects change.\n# TYPE weft_engine_push_interval_seconds gauge\nweft_engine_push_interval_seconds %v\n", want)
		if err := testutil.GatherAndCompare(r, strings.NewReader(text), "weft_engine_push_interval_seconds"); err != nil {
			t.Error(err)
		}
		for i := range uint32(100) {
			e.Put(weights(i+1, 1))
		}
	}
}
