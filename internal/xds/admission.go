package xds

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/translators/model"
)

const (
	// maxPodStreams are at once of one pod: a sidecar has one, one more while it
	// reconnects, and one more that neither side knows to be dead.
	maxPodStreams = 3
	// burstConnects a pod may connect in a row, and then once each
	// connectInterval, which is as often as a sidecar tries. As many as it may have
	// at once wait for their turn.
	burstConnects   = 10
	connectInterval = time.Second
	// cutConnects is how many connects a stream counts as that was cut off for
	// what it asked for: its pod has one in as many intervals, soon.
	cutConnects = 10
	// sweepInterval is how often pods are forgotten that have not come again.
	sweepInterval = time.Minute
)

// admission bounds what the streams of one pod can cost: how many there are,
// and how often one begins.
type admission struct {
	clock clock.Clock
	// delayed counts those that had to wait.
	delayed prometheus.Counter

	mu    sync.Mutex
	pods  map[model.Key]*guest
	swept time.Time
}

// guest is one pod with all of its streams.
type guest struct {
	// free is when the pod may have connected burstConnects times in a row again.
	free    time.Time
	streams []*admitted // oldest first
	waiting int         // for their turn
}

// spend has a pod wait longer until it may connect many times in a row again.
func (g *guest) spend(now time.Time, d time.Duration) {
	g.free = spent(g.free, now, d)
}

// spent is when somebody may do something as often in a row as at first again, who
// might have at free and does it now, which is worth d.
func spent(free, now time.Time, d time.Duration) time.Time {
	if free.Before(now) {
		free = now
	}
	return free.Add(d)
}

// admitted is one stream that may go on until its context ends.
type admitted struct {
	cancel context.CancelCauseFunc
}

func newAdmission(c clock.Clock, delayed prometheus.Counter) *admission {
	return &admission{clock: c, delayed: delayed, pods: map[model.Key]*guest{}}
}

// queue takes a place for a pod's next stream, and tells for how long it has to
// wait. Where too many wait there is none.
func (a *admission) queue(pod model.Key) (wait time.Duration, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock.Now()
	a.sweep(now)
	g := a.guest(pod)
	if g.waiting >= maxPodStreams {
		return 0, errTooOften
	}
	g.spend(now, connectInterval)
	if wait = g.free.Sub(now) - burstConnects*connectInterval; wait > 0 {
		g.waiting++
		a.delayed.Inc()
	}
	return wait, nil
}

// await lets the time until a pod's turn go by.
func (a *admission) await(ctx context.Context, pod model.Key, wait time.Duration) error {
	defer func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.guest(pod).waiting--
	}()
	turn := a.clock.NewTimer(wait)
	defer turn.Stop()
	select {
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	case <-turn.C():
		return nil
	}
}

// enter lets a pod's next stream in once it has its turn, in place of the pod's
// oldest where it has too many. The stream has to leave, and say how it ended.
func (a *admission) enter(ctx context.Context, pod model.Key) (_ context.Context, leave func(error), err error) {
	wait, err := a.queue(pod)
	if err == nil && wait > 0 {
		err = a.await(ctx, pod, wait)
	}
	if err != nil {
		return nil, nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.guest(pod)
	if len(g.streams) >= maxPodStreams {
		g.streams[0].cancel(errReplaced)
		g.streams = slices.Delete(g.streams, 0, 1)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	st := &admitted{cancel}
	g.streams = append(g.streams, st)
	return ctx, func(end error) { a.leave(g, st, end) }, nil
}

// guest is called with the lock held.
func (a *admission) guest(pod model.Key) *guest {
	g := a.pods[pod]
	if g == nil {
		g = &guest{}
		a.pods[pod] = g
	}
	return g
}

func (a *admission) leave(g *guest, st *admitted, end error) {
	st.cancel(nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	if status.Code(end) == codes.ResourceExhausted {
		g.spend(a.clock.Now(), cutConnects*connectInterval)
	}
	g.streams = slices.DeleteFunc(g.streams, func(s *admitted) bool { return s == st })
}

// sweep is called with the lock held.
func (a *admission) sweep(now time.Time) {
	if now.Sub(a.swept) < sweepInterval {
		return
	}
	a.swept = now
	for pod, g := range a.pods {
		if len(g.streams) == 0 && g.waiting == 0 && !now.Before(g.free) {
			delete(a.pods, pod)
		}
	}
}
