package tests

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/statistics"
	"github.com/weft-mesh/weft/conformance/suite"
)

// What tests of TrafficSplit have in common. They wait until the right servers answer (converge), and then either count
// that nobody else does (steady) or compare the shares with the weights (judge).

const (
	// burst is how many calls are looked at together while waiting: enough for a backend with a fair share to show up.
	burst = 40
	// many is how many calls show that nobody else answers, where who is wrong is far off: a share of 1 in 20 goes unseen
	// once in 28,000 runs.
	many = 200
	// thorough is the same for weights of 0: a share of 1 in 100 goes unseen once in 23,000 runs.
	thorough = 1000
	// coarse is a sample for shares that a test has for another reason: 1 in 4 and 2 in 5 are told apart in 998 runs of 1,000.
	coarse = 500
	// patience is how long an answer may take: who is slow is not wrong.
	patience = 10 * time.Second
	// nobody stands for calls that no server answered.
	nobody = "nobody"
)

// all are the servers that the root `web` selects.
var all = []string{"web-v1", "web-v2", "web-v3"}

// fetch is a request to a port of a Service of Main, over a connection of its own.
func fetch(e *suite.Env, service string, port int) actors.Call {
	return actors.Call{Protocol: actors.HTTP, Address: e.Address(service, port), Timeout: patience, Concurrency: 8}
}

// root is a request to the root of most splits.
func root(e *suite.Env) actors.Call { return fetch(e, "web", suite.PortWeb) }

// answers counts who answered: workloads of Main by name, others as "namespace/workload", and nobody.
func answers(e *suite.Env, o actors.Outcome) map[string]int {
	counts := map[string]int{}
	for server, n := range o.Servers {
		counts[strings.TrimPrefix(server, e.Main+"/")] += n
	}
	if silent := o.Count - o.Answered(); silent > 0 {
		counts[nobody] = silent
	}
	return counts
}

// only wants each of the servers to have answered, and nobody else.
func only(e *suite.Env, servers ...string) func(actors.Outcome) error {
	return func(o actors.Outcome) error {
		got := slices.Sorted(maps.Keys(answers(e, o)))
		if want := slices.Sorted(slices.Values(servers)); !slices.Equal(got, want) {
			return fmt.Errorf("answers came from %v, want %v (%v, errors %v)", answers(e, o), want, o.Codes, o.Errors)
		}
		return nil
	}
}

// converge waits until these servers answer a call, each its part, and nobody else.
func converge(ctx context.Context, e *suite.Env, from suite.Actor, call actors.Call, servers ...string) {
	call.Count = burst
	if rest := selected(e, call); rest != nil {
		plain := call
		plain.Headers, plain.Connection = nil, ""
		e.Afterwards(from, plain, only(e, rest...))
	}
	e.AwaitAnswers(ctx, from, call, only(e, servers...))
}

// selected are the servers that a Service of the base fixtures in Main selects.
func selected(e *suite.Env, call actors.Call) []string {
	for _, service := range append(all, "web") {
		if host, _, _ := strings.Cut(call.Address, ":"); host == service+"."+e.Main+".svc" {
			if service == "web" {
				return all
			}
			return []string{service}
		}
	}
	return nil
}

// steady waits as converge does and then wants it to stay so for many calls.
func steady(ctx context.Context, e *suite.Env, from suite.Actor, call actors.Call, servers ...string) {
	converge(ctx, e, from, call, servers...)
	must(only(e, servers...)(e.Measure(ctx, from, call, many)))
}

// never is steady for tests of weight 0, which may be got wrong by little.
func never(ctx context.Context, e *suite.Env, from suite.Actor, call actors.Call, servers ...string) {
	converge(ctx, e, from, call, servers...)
	must(only(e, servers...)(e.Measure(ctx, from, call, thorough)))
}

// judge waits until all backends with a weight answer, and then compares their shares of a sample with the weights.
func judge(ctx context.Context, e *suite.Env, from suite.Actor, call actors.Call, weights map[string]int64) {
	var weighted []string
	for _, backend := range slices.Sorted(maps.Keys(weights)) {
		if weights[backend] > 0 {
			weighted = append(weighted, backend)
		}
	}
	converge(ctx, e, from, call, weighted...)
	measure(ctx, e, from, call, weights, statistics.Sample)
}

// verdicts counts what measure has judged. The confidence of a run is that of statistics.Verdicts.
var verdicts int

// measure compares the shares of a sample with the weights.
func measure(ctx context.Context, e *suite.Env, from suite.Actor, call actors.Call, weights map[string]int64, sample int) {
	verdicts++
	Expect(verdicts).To(BeNumerically("<=", statistics.Verdicts), "verdicts of a run")
	confidence := statistics.EachOf(e.Confidence)
	o := e.Measure(ctx, from, call, sample)
	shares, err := statistics.Within(answers(e, o), weights, confidence)
	e.Figure(fmt.Sprintf("%s of %s", call.Protocol, from.Name), statistics.Describe(shares, confidence))
	if err != nil {
		err = fmt.Errorf("shares that don't fit the weights: %w (codes %v, errors %v)", err, o.Codes, o.Errors)
	}
	must(err)
}

// must ends the test with an error's own words, which the summary shows.
func must(err error) {
	if err != nil {
		ginkgo.Fail(err.Error(), 2)
	}
}
