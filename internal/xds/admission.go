package xds

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
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
	if g.free.Before(now) {
		g.free = now
	}
	wait = g.free.Sub(now) - (burstConnects-1)*connectInterval
	if wait > maxPodStreams*connectInterval {
		return 0, errTooOften
	}
	g.free = g.free.Add(connectInterval)
	return max(wait, 0), nil
}

// enter lets a pod's next stream in once it has its turn, in place of the pod's
// oldest where it has too many. The stream has to leave.
func (a *admission) enter(ctx context.Context, pod model.Key) (_ context.Context, leave func(), err error) {
	wait, err := a.queue(pod)
	if err != nil {
		return nil, nil, err
	}
	if wait > 0 {
		a.delayed.Inc()
		turn := a.clock.NewTimer(wait)
		defer turn.Stop()
		select {
		case <-ctx.Done():
			return nil, nil, status.FromContextError(ctx.Err()).Err()
		case <-turn.C():
		}
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
	return ctx, func() { a.leave(g, st) }, nil
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

func (a *admission) leave(g *guest, st *admitted) {
	st.cancel(nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	g.streams = slices.DeleteFunc(g.streams, func(s *admitted) bool { return s == st })
}

// sweep is called with the lock held.
func (a *admission) sweep(now time.Time) {
	if now.Sub(a.swept) < sweepInterval {
		return
	}
	a.swept = now
	for pod, g := range a.pods {
		if len(g.streams) == 0 && !now.Before(g.free) {
			delete(a.pods, pod)
		}
	}
}
