package engine

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// settling is how long after its start an engine waits for the proxies of an
// earlier one to connect again: twice the longest pause between two attempts
// of theirs, and the time of one.
const settling = 3 * time.Second

// Options configure an Engine. The zero value is usable.
type Options struct {
	Log logr.Logger
	// Now is the clock; time.Now where it is nil.
	Now func() time.Time
	// StatusChanged is called, without a lock held, for an object whose Status
	// may answer anew.
	StatusChanged func(model.Ref)
}

// Engine holds the mesh. Its methods are safe for concurrent use.
type Engine struct {
	log           logr.Logger
	now           func() time.Time
	statusChanged func(model.Ref)
	metrics       metrics
	shared        shared               // by classes; its encoder is that of Services too
	read          resolve.ServiceViews // the last that were
	// wake has capacity one: there is something to do.
	wake chan struct{}

	mu     sync.Mutex
	graph  *resolve.Graph
	dirty  *resolve.Dirty
	synced bool
	// settled is when the proxies that were there before have had time to connect.
	settled time.Time
	// changed is closed and replaced whenever a waiting Connect may go on.
	changed chan struct{}
	// rev counts the changes.
	rev uint64
	// published is the newest change that every class holds which is not stale.
	published uint64
	units     map[unitKey]*unit
	sights    map[string]*sight // by key
	// common is the sight that all have, listener the outbound one in it;
	// reachers are the sights of those who may call an identity.
	common   *sight
	listener slot[model.OutboundListener]
	// detect is the listener that goes with it, where some port's protocol is
	// detected.
	detect   slot[model.HeaderLimits]
	reachers map[reached]map[*sight]bool
	classes  map[resolve.Class]*class
	members  map[model.Key]map[*member]bool // by pod
	// identities are the classes by theirs, directs by address what proxies
	// asked for.
	identities map[model.Identity]map[*class]bool
	directs    map[netip.Addr]map[*direct]bool
	// unsettled sights have resources that their layers do not hold yet; stale
	// classes are to have another snapshot.
	unsettled map[*sight]bool
	stale     map[*class]bool
	// burst is the run of changes of policy that the last one belongs to.
	burst burst
	// waiting are objects that some proxy may not run yet, notify those whose
	// status is to be looked at.
	waiting waiting
	notify  map[model.Ref]bool
	// refused tells that a proxy has refused something that those who wait have
	// not been told of, refusedAt when they last were.
	refused   bool
	refusedAt time.Time
}

var _ xds.Fleet = (*Engine)(nil)

// New makes an engine with nothing in it.
func New(o Options) *Engine {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.StatusChanged == nil {
		o.StatusChanged = func(model.Ref) {}
	}
	e := &Engine{
		log: o.Log, now: o.Now, statusChanged: o.StatusChanged, metrics: newMetrics(),
		wake: make(chan struct{}, 1), changed: make(chan struct{}),
		graph: resolve.NewGraph(), dirty: resolve.NewDirty(),
		units: map[unitKey]*unit{}, sights: map[string]*sight{}, common: newSight(resolve.Reach{}), reachers: map[reached]map[*sight]bool{},
		classes: map[resolve.Class]*class{}, members: map[model.Key]map[*member]bool{},
		identities: map[model.Identity]map[*class]bool{}, directs: map[netip.Addr]map[*direct]bool{},
		unsettled: map[*sight]bool{}, stale: map[*class]bool{},
		waiting: newWaiting(), notify: map[model.Ref]bool{},
	}
	e.shared = shared{built: e.metrics.built, encoder: envoy.NewEncoder()}
	e.common.fill()
	e.listener.built, e.detect.built = e.metrics.built, e.metrics.built
	e.dirty.Everything = true
	return e
}

// Put takes a fragment in.
func (e *Engine) Put(f model.Fragment) {
	e.change(f.Ref().Kind, func(g *resolve.Graph) *resolve.Dirty { return g.Put(f) })
}

// Delete forgets an object.
func (e *Engine) Delete(r model.Ref) {
	e.change(r.Kind, func(g *resolve.Graph) *resolve.Dirty { return g.Delete(r) })
}

func (e *Engine) change(kind model.Kind, f func(*resolve.Graph) *resolve.Dirty) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d := f(e.graph)
	if d.Empty() {
		return
	}
	e.rev++
	e.metrics.changed(e.now())
	if e.synced && inBursts(kind) {
		e.burst.touch(e.now())
	}
	for r := range d.Objects {
		e.waiting.add(r, e.rev)
		e.notify[r] = true
	}
	e.dirty.Merge(d)
	e.signal()
}

// Synced tells that every object that exists has been Put. Until then no proxy
// is answered: a restart must not take configuration away.
func (e *Engine) Synced() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.synced = true
	e.settled = e.now().Add(settling)
	e.signal()
}

// Settled tells that proxies which are not connected by now are not there. To
// say before that that every connected proxy runs something would be to say it
// of none.
func (e *Engine) Settled() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.synced && !e.now().Before(e.settled)
}

// TrustDomain is the mesh's trust domain.
func (e *Engine) TrustDomain() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.graph.TrustDomain()
}

// Workload is what a pod belongs to; zero where the pod is unknown.
func (e *Engine) Workload(pod model.Key) model.Workload {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.graph.Pod(pod); p != nil {
		return p.Workload
	}
	return model.Workload{}
}

// signal wakes the loop; it is called with the lock held or not.
func (e *Engine) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Start runs the engine until ctx ends. It is a controller-runtime Runnable.
func (e *Engine) Start(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		next := e.flush()
		if e.tell() && (next == 0 || patience < next) {
			next = patience
		}
		if next > 0 {
			timer.Reset(next)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.wake:
		case <-timer.C:
		}
	}
}

// NeedLeaderElection tells controller-runtime that every replica runs it.
func (e *Engine) NeedLeaderElection() bool { return false }

// tell calls StatusChanged outside of the lock. It reports whether it has to
// look again in a while.
func (e *Engine) tell() bool {
	e.mu.Lock()
	e.settle()
	e.tellRefused()
	again := e.refused || (e.waiting.stirred && len(e.waiting.on) > 0)
	refs := e.notify
	e.notify = map[model.Ref]bool{}
	e.mu.Unlock()
	for r := range refs {
		e.statusChanged(r)
	}
	return again
}

// tellRefused has the status of all that wait looked at, once in patience: a
// proxy may refuse thousands of resources.
func (e *Engine) tellRefused() {
	now := e.now()
	if !e.refused || now.Sub(e.refusedAt) < patience {
		return
	}
	e.refused, e.refusedAt = false, now
	for r := range e.waiting.rev {
		e.notify[r] = true
	}
}
