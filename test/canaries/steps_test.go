package canaries

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/traffic"
)

// sampleSize is how many calls tell the share of a step, and miss how seldom a fair one may look unfair: there are some
// fifty steps in a run.
const (
	sampleSize = 1000
	miss       = 1e-5
)

// longest bounds the time that weights may stay as they are.
const longest = 10 * time.Minute

// weights are what a TrafficSplit asks for, by backend.
type weights map[string]int64

func (w weights) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(w)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, w[name]))
	}
	return strings.Join(parts, ", ")
}

func (w weights) total() int64 {
	var total int64
	for _, weight := range w {
		total += weight
	}
	return total
}

// step is a time in which the weights stayed as they were, and what was seen of them.
type step struct {
	asked weights
	seen  traffic.Counts
	// short says that the weights changed before the sample was whole.
	short bool
}

func (s step) String() string { return fmt.Sprintf("asked %v, saw %v", s.asked, s.seen) }

// judge is nil if the share of each backend lies in its binomial interval.
func (s step) judge() error {
	if s.short {
		return fmt.Errorf("the weights %v changed after %v, too soon for %d calls", s.asked, s.seen, sampleSize)
	}
	calls := 0
	for _, n := range s.seen {
		calls += n
	}
	if calls == 0 {
		return fmt.Errorf("asked %v, and no call was counted", s.asked)
	}
	var problems []error
	for backend, weight := range s.asked {
		low, high := traffic.Interval(calls, float64(weight)/float64(s.asked.total()), miss)
		if n := s.seen[backend]; n < low || n > high {
			problems = append(problems, fmt.Errorf("%v: fair for %s is %d to %d", s, backend, low, high))
		}
	}
	for backend := range s.seen {
		if _, asked := s.asked[backend]; !asked {
			problems = append(problems, fmt.Errorf("%v: %s is no backend", s, backend))
		}
	}
	return errors.Join(problems...)
}

// surveyor follows a TrafficSplit, and takes a sample of the calls at each of its steps.
type surveyor struct {
	meter           *meter
	namespace, name string
	// backend names the backend that a pod stands behind.
	backend func(pod string) string
	// hold, unless it is nil, has the product leave the weights as they are, or go on: a slow machine needs longer for a
	// sample than a step takes.
	hold func(ctx context.Context, held bool) error
}

// survey takes a sample of each step until the context ends, and returns them after those given; the last is that of
// the weights at the end.
func (s surveyor) survey(ctx context.Context, steps []step) ([]step, error) {
	for {
		var done weights
		if len(steps) > 0 {
			done = steps[len(steps)-1].asked
		}
		now, err := s.settled(ctx, done)
		if err != nil || now == nil {
			return steps, err
		}
		next, err := s.takeHeld(context.WithoutCancel(ctx), now)
		if err != nil {
			return steps, err
		}
		steps = append(steps, next)
	}
}

// takeHeld takes a sample while the product is held.
func (s surveyor) takeHeld(ctx context.Context, now weights) (step, error) {
	if s.hold == nil {
		return s.take(ctx, now)
	}
	if err := s.hold(ctx, true); err != nil {
		return step{}, err
	}
	taken, err := s.take(ctx, now)
	return taken, errors.Join(err, s.hold(ctx, false))
}

// take takes a sample while the weights are as they are now. What has begun is finished, so the context must last.
func (s surveyor) take(ctx context.Context, now weights) (step, error) {
	seen := s.meter.sample(ctx, sampleSize, s.backend)
	after, _, err := s.read(ctx)
	return step{asked: now, seen: seen, short: !maps.Equal(now, after)}, err
}

// settled waits until all proxies have other weights than those that are done, and returns them: none when the
// context ends first and there are no others.
func (s surveyor) settled(ctx context.Context, done weights) (weights, error) {
	var now weights
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
	defer cancel()
	err := cluster.Wait(bounded, "the next step of "+s.namespace, func(bounded context.Context) error {
		// Asked before the weights are: those of the end may come right after they were read.
		over := ctx.Err() != nil
		asked, programmed, err := s.read(bounded)
		switch {
		case err != nil:
			return err
		case maps.Equal(asked, done):
			if over {
				now = nil
				return nil
			}
			return errors.New("the weights are as they were")
		}
		now = asked
		return programmed
	})
	return now, err
}

// read returns the weights of the split, and whether all proxies have them.
func (s surveyor) read(ctx context.Context) (asked weights, programmed, err error) {
	split, err := mesh.Get(ctx, "split.smi-spec.io/v1alpha4", "TrafficSplit", s.namespace, s.name)
	if err != nil {
		return nil, nil, err
	}
	backends, _, err := unstructured.NestedSlice(split.Object, "spec", "backends")
	if err != nil {
		return nil, nil, err
	}
	asked = weights{}
	for _, b := range backends {
		backend, _ := b.(map[string]any)
		name, _, _ := unstructured.NestedString(backend, "service")
		weight, _, err := unstructured.NestedInt64(backend, "weight")
		if err != nil {
			return nil, nil, err
		}
		asked[name] += weight
	}
	return asked, cluster.CheckCondition(split, "Programmed", metav1.ConditionTrue), nil
}
