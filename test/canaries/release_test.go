package canaries

import (
	"context"
	"errors"

	"github.com/weft-mesh/weft/test/traffic"
)

// release is what happened while a version was released.
type release struct {
	steps    []step
	calls    int
	failures traffic.Counts
	// warnings are the events by which the product says why it halts.
	warnings string
	err      error
}

// weights are the canary's at each step.
func (r release) weights() []int64 {
	var weights []int64
	for _, s := range r.steps {
		weights = append(weights, s.asked["web-canary"])
	}
	return weights
}

// observe calls the root Service all the time that run takes, and samples each step of the TrafficSplit: that before
// run as well, if there is a split by then.
func observe(ctx context.Context, s surveyor, run func(context.Context) error) release {
	following, stop := context.WithCancel(ctx)
	defer stop()
	go s.meter.run(following)
	var before []step
	if now, programmed, err := s.read(ctx); err == nil && programmed == nil {
		first, err := s.take(ctx, now)
		if err != nil {
			return release{err: err}
		}
		before = append(before, first)
	}
	type survey struct {
		steps []step
		err   error
	}
	surveyed := make(chan survey, 1)
	go func() {
		steps, err := s.survey(following, before)
		surveyed <- survey{steps, err}
	}()
	err := run(ctx)
	stop()
	seen := <-surveyed
	r := release{steps: seen.steps, err: errors.Join(err, seen.err)}
	r.calls, r.failures = s.meter.tally()
	return r
}
