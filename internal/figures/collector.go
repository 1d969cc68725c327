package figures

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/translators/model"
)

// DefaultInterval is how often a sidecar is read.
const DefaultInterval = 5 * time.Second

// maxRest is how many rounds a sidecar that fails is left alone at most.
const maxRest = 12

// Fetch opens what a pod's sidecar says. The reader ends with ctx.
type Fetch func(ctx context.Context, t Target) (io.ReadCloser, error)

// Options are what a Collector works with.
type Options struct {
	// Targets lists the pods as they are now. Where it fails, those of the last
	// round are read.
	Targets func() ([]Target, error)
	Fetch   Fetch
	// Services gives the Service that has an address; zero where none has. It
	// may be nil.
	Services func(netip.AddrPort) model.Key
	// Interval is DefaultInterval where it is zero.
	Interval time.Duration
	// Parallel is how many are read at once; 32 where it is zero.
	Parallel   int
	Clock      clock.Clock
	Log        logr.Logger
	Registerer prometheus.Registerer
	// Ledger is told of every series, if there is one.
	Ledger Ledger
}

// Collector reads all sidecars time and again, and is a Source.
type Collector struct {
	o       Options
	metrics *metrics
	// began is the zero of the collector's own clock, which nobody sets back.
	began time.Time
	// scratches are for readings and for Rows.
	scratches sync.Pool
	// targets are those of the last round.
	targets []Target

	mu   sync.RWMutex
	pods map[string]*pod // by UID
}

// New makes a Collector; Start has it read.
func New(o Options) (*Collector, error) {
	o.Interval = cmp.Or(o.Interval, DefaultInterval)
	o.Parallel = cmp.Or(o.Parallel, 32)
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	return &Collector{
		o: o, metrics: m, began: o.Clock.Now(), pods: map[string]*pod{},
		scratches: sync.Pool{New: func() any { return &scratch{} }},
	}, nil
}

func (c *Collector) now() time.Duration { return c.o.Clock.Since(c.began) }

// Start reads until ctx ends. Rounds begin at multiples of the interval by the
// clock on the wall, and each pod has its place in them, so that replicas read
// a pod at about the same time, and not all pods at once.
func (c *Collector) Start(ctx context.Context) error {
	var reading sync.WaitGroup
	defer reading.Wait()
	slots := make(chan struct{}, c.o.Parallel)
	for {
		wall := c.o.Clock.Now()
		begin := c.now() + wall.Truncate(c.o.Interval).Add(c.o.Interval).Sub(wall)
		if !c.sleep(ctx, begin) {
			return nil
		}
		for _, p := range c.round() {
			if !c.sleep(ctx, begin+p.offset) {
				return nil
			}
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			reading.Go(func() {
				defer func() { <-slots }()
				c.read(ctx, p)
			})
		}
	}
}

// sleep waits until a time of the collector's clock; not ok where ctx ended.
func (c *Collector) sleep(ctx context.Context, until time.Duration) bool {
	wait := until - c.now()
	if wait <= 0 {
		return ctx.Err() == nil
	}
	t := c.o.Clock.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C():
		return true
	case <-ctx.Done():
		return false
	}
}

// round takes in which pods there are, and gives those to read, in order.
func (c *Collector) round() []*pod {
	targets, err := c.o.Targets()
	if err != nil {
		c.o.Log.Error(err, "pods can't be listed")
		targets = c.targets
	}
	c.targets = targets
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := make(map[string]bool, len(targets))
	var due []*pod
	for _, t := range targets {
		seen[t.UID] = true
		p, ok := c.pods[t.UID]
		if !ok {
			p = &pod{reader: c.newReader(t.Own), offset: offset(t.UID, c.o.Interval)}
			c.pods[t.UID] = p
		}
		if p.due(t) {
			due = append(due, p)
		}
	}
	for uid, p := range c.pods {
		if !seen[uid] && p.expired(now) {
			delete(c.pods, uid)
		}
	}
	c.metrics.pods.Set(float64(len(targets)))
	slices.SortFunc(due, func(a, b *pod) int { return cmp.Compare(a.offset, b.offset) })
	return due
}

// newReader makes one for a pod of a workload.
func (c *Collector) newReader(own Workload) *reader {
	r := newReader()
	r.services = c.o.Services
	if c.o.Ledger != nil {
		r.open = func(k peerKey, what class, how result) Account {
			if what == openSeconds || k.protocol == model.ProtocolUDP {
				return nil // which nobody asks for by a name of others
			}
			return c.o.Ledger.Open(detail(own, &k, what, how))
		}
	}
	return r
}

// offset is a pod's place in a round.
func offset(uid string, interval time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(uid)) // it has no error
	return interval * time.Duration(h.Sum32()%1000) / 1000
}

// read reads one pod. It has the interval for it, but for a little.
func (c *Collector) read(ctx context.Context, p *pod) {
	defer p.busy.Store(false)
	ctx, cancel := context.WithTimeout(ctx, c.o.Interval*3/5)
	defer cancel()
	s := c.scratches.Get().(*scratch)
	defer c.scratches.Put(s)
	o, err := c.ask(ctx, p, s)
	if ctx.Err() == context.Canceled {
		return
	}
	c.metrics.count(o, err)
	if err == nil && o.garbage == 0 && o.dropped == 0 {
		p.failures = 0
		return
	}
	p.failures++
	p.rest = min(1<<min(p.failures-1, 8)-1, maxRest)
	c.o.Log.V(1).Info("sidecar's figures are incomplete", "pod", p.target.Pod.String(), "error", err, "garbage", o.garbage, "dropped", o.dropped)
}

func (c *Collector) ask(ctx context.Context, p *pod, s *scratch) (outcome, error) {
	body, err := c.o.Fetch(ctx, p.target)
	if err != nil {
		return outcome{}, err
	}
	defer body.Close()
	o, err := p.reader.read(body, c.now(), s)
	p.put(o, s)
	if err != nil {
		return o, fmt.Errorf("read the figures of %s: %w", p.target.Pod, err)
	}
	return o, nil
}

// Rows are what all sidecars counted in the window that ends now.
func (c *Collector) Rows(size time.Duration, namespace string) (rows iter.Seq[*Row], end time.Time) {
	if size <= 0 {
		size = DefaultWindow
	}
	size = min(max(size, MinWindow), MaxWindow)
	now := c.now()
	w := window{start: now - size, end: now}
	return func(yield func(*Row) bool) {
		s := c.scratches.Get().(*scratch)
		defer c.scratches.Put(s)
		for _, p := range c.known() {
			if !p.rows(w, namespace, s, yield) {
				return
			}
		}
	}, c.began.Add(now)
}

// known are all pods of which something may be known.
func (c *Collector) known() []*pod {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Collect(maps.Values(c.pods))
}
