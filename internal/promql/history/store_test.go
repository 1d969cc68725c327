package history

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	testclock "k8s.io/utils/clock/testing"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

var (
	web = figures.Workload{Namespace: "shop", Kind: "deployments", Name: "web"}
	api = figures.Workload{Namespace: "shop", Kind: "deployments", Name: "api"}
)

// world is a Store whose cluster and clock the test has.
type world struct {
	*Store
	t       testing.TB
	clock   *testclock.FakeClock
	cluster Cluster
	err     error
}

func newWorld(t testing.TB, there ...figures.Workload) *world {
	t.Helper()
	w := &world{t: t, clock: testclock.NewFakeClock(time.Unix(1_700_000_000, 0))}
	w.exists(there...)
	var err error
	w.Store, err = New(Options{
		Cluster: func() (Cluster, error) { return w.cluster, w.err },
		Clock:   w.clock, Log: logr.Discard(), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) exists(there ...figures.Workload) {
	w.cluster.Targets = nil
	for _, own := range there {
		w.cluster.Targets = append(w.cluster.Targets, figures.Target{Own: own})
	}
}

func (w *world) tick() {
	w.clock.Step(figures.DefaultInterval)
	w.Tick()
}

func (w *world) account(d figures.Detail) *Series {
	w.t.Helper()
	a, ok := w.Open(d).(*Series)
	if !ok {
		w.t.Fatalf("no account of %+v", d)
	}
	return a
}

// gone is what a point is where its series had ended.
const gone = "gone"

// all are the points of a series, but for repeated ones: "value×times".
func all(x *Series) []string {
	var points []string
	last, times := "", 0
	flush := func() {
		if times > 0 {
			points = append(points, fmt.Sprintf("%s×%d", last, times))
		}
	}
	x.Points(0, 1<<60, func(_ int64, totals []uint64) {
		text := gone
		if totals != nil {
			text = fmt.Sprint(totals)
			if len(totals) == 1 {
				text = fmt.Sprint(totals[0])
			}
		}
		if text != last {
			flush()
			last, times = text, 0
		}
		times++
	})
	flush()
	return points
}

func (w *world) expect(x *Series, want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, all(x)); diff != "" {
		w.t.Errorf("%+v (-want +got)\n%s", *x.Detail(), diff)
	}
}

func code(own figures.Workload, code string) figures.Detail {
	return figures.Detail{Side: figures.Server, Own: own, Code: code, Port: 80}
}

// A series that is new was zero as long as its workload was there: what it
// begins with is seen to grow.
func TestNewSeriesBeganAtZero(t *testing.T) {
	w := newWorld(t, web)
	w.tick()
	w.tick()
	x := w.account(code(web, "503"))
	x.Count(7)
	w.tick()
	w.tick()
	w.expect(x, "0×2", "7×2")
	w.exists(web, api)
	y := w.account(code(api, "503"))
	y.Count(1)
	w.tick()
	w.expect(y, "1×1") // nobody knows since when
}

func TestWorkloadsThatGoAndComeBack(t *testing.T) {
	w := newWorld(t, web)
	x := w.account(code(web, "200"))
	w.tick()
	x.Count(3)
	w.tick()
	w.exists()
	for range 3 {
		w.tick()
	}
	w.expect(x, "0×1", "3×1", "gone×1")
	w.exists(web)
	x.Count(1)
	w.tick()
	w.tick()
	w.expect(x, "0×1", "3×1", "gone×1", "4×2")
}

// While nobody can tell what exists, what existed does.
func TestListsThatFail(t *testing.T) {
	w := newWorld(t, web)
	x := w.account(code(web, "200"))
	w.tick()
	w.err, w.cluster = errors.New("no answer"), Cluster{}
	x.Count(1)
	w.tick()
	w.expect(x, "0×1", "1×1")
}

func TestZerosOfBackends(t *testing.T) {
	w := newWorld(t)
	root, canary := model.Key{Namespace: "shop", Name: "web"}, model.Key{Namespace: "shop", Name: "web-canary"}
	split := &model.Split{Key: root, Root: root, Backends: []model.Backend{{Service: root}, {Service: canary}}}
	w.cluster.Splits = []*model.Split{split}
	w.tick()
	x := w.account(sent(split, canary))
	w.expect(x, "0×1")
	w.cluster.Splits = nil
	w.tick()
	w.expect(x, "0×1", "gone×1")
}

// After the time that anything is kept for, nothing is.
func TestNothingIsKeptForever(t *testing.T) {
	w := newWorld(t, web, api)
	x, still := w.account(code(web, "200")), w.account(code(api, "200"))
	still.Count(1)
	ticks := int(MaxKept / figures.DefaultInterval)
	for range ticks + 300 {
		x.Count(1)
		w.tick()
	}
	n, least := 0, uint64(1<<63)
	x.Points(0, 1<<60, func(_ int64, totals []uint64) { n, least = n+1, min(least, totals[0]) })
	if n != ticks+1 || least != 300 {
		t.Errorf("%d ticks from %d on, want %d from 300", n, least, ticks+1)
	}
	if got := all(still); got != nil {
		t.Errorf("a series that stood still has %v", got)
	}
	still.Count(1)
	w.tick()
	w.expect(still, "1×1", "2×1") // and none of what it counted is lost
	w.exists()
	for range ticks + 2 {
		w.tick()
	}
	if len(w.series) != 0 || len(w.counts) != 0 || w.bytes != 0 {
		t.Errorf("left: %d series, %v, %d bytes", len(w.series), w.counts, w.bytes)
	}
}

// What two readers count after a series was dropped is in one series.
func TestSeriesComeBackOnce(t *testing.T) {
	w := newWorld(t, web)
	old := w.account(code(web, "200"))
	w.tick()
	for range int(MaxKept/figures.DefaultInterval) + 2 {
		w.tick()
	}
	if !old.gone.Load() {
		t.Fatal("still there")
	}
	now := w.account(code(web, "200"))
	var both sync.WaitGroup
	for _, x := range []*Series{old, now} {
		both.Go(func() {
			for range 100 {
				x.Count(1)
			}
		})
	}
	both.Wait()
	w.tick()
	if got := now.totals[0].Load(); got != 200 {
		t.Errorf("counted %d of 200", got)
	}
}

func TestBounds(t *testing.T) {
	w := newWorld(t, web, api)
	w.maxSeries, w.maxWorkloadSeries, w.maxBytes = 6, 4, 2000
	for i := range 5 {
		if got := w.Open(code(web, fmt.Sprint(i))) != nil; got != (i < 4) {
			t.Errorf("series %d of one workload: %v", i, got)
		}
	}
	for i := range 3 {
		if got := w.Open(code(api, fmt.Sprint(i))) != nil; got != (i < 2) {
			t.Errorf("series %d of another: %v", i, got)
		}
	}
	for range 600 {
		for _, x := range w.series {
			x.Count(rand.Uint64N(1 << 40))
		}
		w.tick()
	}
	// What can't be dropped is the last two segments' worth.
	if most := 6 * (3*segmentSize + 3*segmentTicks*10); w.bytes > most || len(w.times) < leastTicks || len(w.times) > leastTicks+segmentTicks {
		t.Errorf("%d bytes (at most %d), %d ticks", w.bytes, most, len(w.times))
	}
}

// Whatever is counted in whatever order is what the points say, in any range.
func TestPointsAreWhatWasCounted(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t, web)
		counter, hist := w.account(code(web, "200")), w.account(figures.Detail{Own: web, Figure: figures.Durations})
		var times []int64
		var counts, slow []uint64
		var n, m uint64
		for range 50 + random.IntN(1000) {
			if random.IntN(3) == 0 {
				by := random.Uint64N(1 << random.IntN(50))
				n += by
				counter.Count(by)
			}
			if random.IntN(5) == 0 {
				m++
				hist.Durations(&figures.Histogram{7: 1, 19: 2})
			}
			w.tick()
			times, counts, slow = append(times, w.clock.Now().UnixMilli()), append(counts, n), append(slow, m)
		}
		oldest := max(0, len(times)-int(MaxKept/figures.DefaultInterval)-1)
		from, to := random.IntN(len(times)), random.IntN(len(times))
		from = max(from, oldest)
		var gotTimes []int64
		var gotCounts, gotSlow []uint64
		counter.Points(times[from]-1, times[to]+1, func(ms int64, totals []uint64) {
			gotTimes, gotCounts = append(gotTimes, ms), append(gotCounts, totals[0])
		})
		hist.Points(times[from], times[to], func(_ int64, totals []uint64) {
			if totals[19] != 2*totals[7] {
				t.Errorf("seed %d: %v", seed, totals)
			}
			gotSlow = append(gotSlow, totals[7])
		})
		to = max(to+1, from)
		if !slices.Equal(gotTimes, times[from:to]) || !slices.Equal(gotCounts, counts[from:to]) || !slices.Equal(gotSlow, slow[from:to]) {
			t.Fatalf("seed %d: ticks %d to %d are not what was counted", seed, from, to)
		}
	}
}

// Readers count and queries read while time goes on.
func TestAllAtOnce(t *testing.T) {
	w := newWorld(t, web)
	var busy sync.WaitGroup
	for i := range 4 {
		busy.Go(func() {
			for n := range 200 {
				w.account(code(web, fmt.Sprint(200+n%7))).Count(1)
				if i == 0 {
					w.tick()
				}
				w.Each(func(*Series) bool { return true })
			}
		})
	}
	busy.Wait()
	w.tick()
	var sum uint64
	w.Each(func(x *Series) bool { sum += x.totals[0].Load(); return true })
	if sum != 800 {
		t.Errorf("counted %d of 800", sum)
	}
}
