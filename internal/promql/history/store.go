package history

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/figures"
)

// MaxKept is for how long anything is kept at most.
const MaxKept = time.Hour

// Bounds of what is kept.
const (
	maxSeries         = 50_000
	maxWorkloadSeries = 5_000
	maxBytes          = 32 << 20
	// leastTicks are kept even if their bytes are too many.
	leastTicks = 2 * segmentTicks
)

// Options are what a Store works with.
type Options struct {
	// Cluster gives what exists now. Where it fails, what did at the last tick
	// does.
	Cluster func() (Cluster, error)
	// Interval is between two ticks; figures.DefaultInterval where it is zero.
	Interval time.Duration
	// Keep is for how long; MaxKept where it is zero.
	Keep       time.Duration
	Clock      clock.Clock
	Log        logr.Logger
	Registerer prometheus.Registerer
}

// Store is a figures.Ledger with a memory.
type Store struct {
	o       Options
	metrics *storeMetrics
	seed    maphash.Seed

	mu     sync.RWMutex
	series map[uint64]*Series // by a hash of their detail
	// counts are how many series a workload has.
	counts map[figures.Workload]int
	// since is when a workload that exists came to be, first when a series did
	// that there is without anything counted.
	since map[figures.Workload]tick
	first map[figures.Detail]tick
	// times are those of the ticks from oldest on, in milliseconds.
	oldest tick
	times  []int64
	// bytes are what the segments hold.
	bytes int
	// bounds, which tests make smaller.
	maxSeries, maxWorkloadSeries, maxBytes int
}

var _ figures.Ledger = &Store{}

// New makes a Store; Start has it look at the totals.
func New(o Options) (*Store, error) {
	o.Interval = cmp.Or(o.Interval, figures.DefaultInterval)
	o.Keep = min(cmp.Or(o.Keep, MaxKept), MaxKept)
	m, err := newStoreMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	return &Store{
		o: o, metrics: m, seed: maphash.MakeSeed(), series: map[uint64]*Series{},
		counts: map[figures.Workload]int{}, since: map[figures.Workload]tick{}, first: map[figures.Detail]tick{},
		maxSeries: maxSeries, maxWorkloadSeries: maxWorkloadSeries, maxBytes: maxBytes,
	}, nil
}

// Open implements figures.Ledger.
func (s *Store) Open(d figures.Detail) figures.Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, err := s.find(d)
	if err != nil {
		return nil
	}
	return x
}

var errFull = errors.New("no room for another series")

func (s *Store) find(d figures.Detail) (*Series, error) {
	id := maphash.Comparable(s.seed, d)
	if x, ok := s.series[id]; ok {
		return x, nil
	}
	if len(s.series) >= s.maxSeries || s.counts[d.Own] >= s.maxWorkloadSeries {
		s.metrics.refused.Inc()
		return nil, errFull
	}
	x := newSeries(s, d)
	s.series[id] = x
	s.counts[d.Own]++
	return x, nil
}

// revive gives the series that counts what one that is gone was of.
func (s *Store) revive(x *Series) *Series {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := maphash.Comparable(s.seed, x.detail)
	if now, ok := s.series[id]; ok {
		return now
	}
	x.gone.Store(false)
	s.series[id] = x
	s.counts[x.detail.Own]++
	return x
}

// Start looks at the totals until ctx ends, at multiples of the interval.
func (s *Store) Start(ctx context.Context) error {
	for {
		now := s.o.Clock.Now()
		t := s.o.Clock.NewTimer(now.Truncate(s.o.Interval).Add(s.o.Interval).Sub(now))
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C():
			s.Tick()
		}
	}
}

// Tick notes what all totals are now.
func (s *Store) Tick() {
	cluster, err := s.o.Cluster()
	if err != nil {
		s.o.Log.Error(err, "what exists can't be listed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ms := s.o.Clock.Now().UnixMilli()
	if n := len(s.times); n > 0 && ms <= s.times[n-1] {
		return // the clock was set back
	}
	s.times = append(s.times, ms)
	now := s.now()
	if err == nil {
		s.exist(cluster, now)
	}
	for _, x := range s.series {
		if from, ok := s.exists(x); ok {
			s.bytes += x.sample(now, max(from, s.oldest))
		} else {
			x.close(true)
		}
	}
	s.forget(ms)
	s.metrics.series.Set(float64(len(s.series)))
	s.metrics.bytes.Set(float64(s.bytes))
}

func (s *Store) now() tick { return s.oldest + tick(len(s.times)) - 1 }

// forget drops what is too old, or too much.
func (s *Store) forget(now int64) {
	cut, _ := slices.BinarySearch(s.times, now-s.o.Keep.Milliseconds())
	s.cut(cut)
	for s.bytes > s.maxBytes && len(s.times) > leastTicks {
		s.cut(min(segmentTicks, len(s.times)-leastTicks))
	}
	for id, x := range s.series {
		if s.idle(x) {
			delete(s.series, id)
			s.drop(x)
		}
	}
}

// cut drops the oldest ticks.
func (s *Store) cut(ticks int) {
	if ticks == 0 {
		return
	}
	s.oldest += tick(ticks)
	s.times = slices.Delete(s.times, 0, ticks)
	for _, x := range s.series {
		s.bytes -= x.trim(s.oldest)
	}
}

// idle tells a series that nothing is kept of, or whose total stood still for as
// long as anything is.
func (s *Store) idle(x *Series) bool {
	if _, ok := s.exists(x); !ok {
		return len(x.segments) == 0
	}
	_, always := s.first[x.detail]
	return x.begun && x.written < s.oldest && !always
}

func (s *Store) drop(x *Series) {
	x.gone.Store(true)
	s.bytes -= x.trim(s.now() + 1)
	if x.open {
		last := &x.segments[len(x.segments)-1]
		s.bytes -= segmentSize + len(last.data)
	}
	x.segments, x.open = nil, false
	if s.counts[x.detail.Own]--; s.counts[x.detail.Own] == 0 {
		delete(s.counts, x.detail.Own)
	}
}
