package suite

import (
	"cmp"
	"context"
	"time"

	"github.com/weft-mesh/weft/conformance/actors"
)

// steady is for how many calls a denial is checked to last once it holds.
const steady = 10

// slowCall is how long a call of many may take on a machine that is busy.
const slowCall = 20 * time.Millisecond

// Await waits until all of the cases hold at once, as many times in a row as the adapter asks for. Then it checks that
// those that are to be denied stay so.
//
// Name a call that is to be allowed beside one that is to be denied: it proves that the mesh has acted on what was
// applied, so that the denial is not that of before.
func (e *Env) Await(ctx context.Context, groups ...[]Case) {
	var all, denied []Case
	for _, group := range groups {
		for _, c := range group {
			all = append(all, c)
			if c.Allowed {
				e.remember(c)
			} else {
				denied = append(denied, c)
			}
		}
	}
	if err := e.settle(ctx, all); err != nil {
		e.failed(err.Error())
	}
	denied = e.mark(denied)
	if err := e.try(ctx, denied, steady); err != nil {
		e.failed("it did not last: " + err.Error())
	}
	e.refused = append(e.refused, denied...)
}

// settle waits until all of the cases hold.
func (e *Env) settle(ctx context.Context, all []Case) error {
	ctx, cancel := context.WithTimeout(ctx, e.convergence)
	defer cancel()
	good := 0
	return poll(ctx, "the mesh to do as it was told", func(ctx context.Context) error {
		for good < e.stable {
			if err := e.try(ctx, e.mark(all), 1); err != nil {
				good = 0
				return err
			}
			good++
		}
		return nil
	})
}

// try makes each case's call n times and says what is wrong first. Those that are to be allowed come first: they tell
// sooner that the mesh is not there yet.
func (e *Env) try(ctx context.Context, all []Case, n int) error {
	for _, allowed := range []bool{true, false} {
		byActor := map[Actor][]Case{}
		for _, c := range all {
			if c.Allowed == allowed {
				byActor[c.From] = append(byActor[c.From], c)
			}
		}
		if err := e.tryTogether(ctx, byActor, n); err != nil {
			return err
		}
	}
	return nil
}

// tryTogether makes all calls at the same time.
func (e *Env) tryTogether(ctx context.Context, byActor map[Actor][]Case, n int) error {
	wrong := make(chan error, len(byActor))
	for actor, cases := range byActor {
		go func() { wrong <- e.tryFrom(ctx, actor, cases, n) }()
	}
	var first error
	for range byActor {
		first = cmp.Or(first, <-wrong)
	}
	return first
}

func (e *Env) tryFrom(ctx context.Context, from Actor, cases []Case, n int) error {
	var calls []actors.Call
	for _, c := range cases {
		c.Call.Count = max(c.Call.Count, n)
		c.Call.Concurrency = max(c.Call.Concurrency, n)
		calls = append(calls, c.Call)
	}
	outcomes, err := e.ask(ctx, from, calls, true)
	if err != nil {
		return err
	}
	for i, c := range cases {
		if err := c.check(outcomes[i]); err != nil {
			return err
		}
	}
	return e.received(ctx, cases, outcomes)
}

// ask has an actor make calls. Named connections are the test's own.
func (e *Env) ask(ctx context.Context, from Actor, calls []actors.Call, together bool) ([]actors.Outcome, error) {
	plan := actors.Plan{Together: together}
	patience := e.convergence
	for _, call := range calls {
		patience += time.Duration(call.Count) * slowCall
		if call.Connection != "" {
			call.Connection = e.test + "/" + call.Connection
		}
		if call.Timeout == 0 && call.Protocol == actors.UDP {
			call.Timeout = time.Second
		}
		if call.Rate > 0 {
			patience += time.Duration(float64(call.Count) / call.Rate * float64(time.Second))
		}
		plan.Calls = append(plan.Calls, call)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	report, err := e.callers.do(ctx, from, plan)
	return report.Outcomes, err
}

// AwaitAllowed waits until a server answers the call, as many times in a row as the adapter asks for, and returns the
// last outcome.
func (e *Env) AwaitAllowed(ctx context.Context, from Actor, call actors.Call) actors.Outcome {
	e.remember(Case{from, call, true})
	return e.AwaitAnswers(ctx, from, call, Case{from, call, true}.check)
}

// AwaitDenied waits until no server answers the calls (403, a reset, a timeout, PERMISSION_DENIED: all the same), and
// then checks that it stays so.
func (e *Env) AwaitDenied(ctx context.Context, from Actor, calls ...actors.Call) {
	e.Await(ctx, Denied(from, calls...))
}

// AwaitAnswers waits until the predicate is nil for the outcome of the call, as many times in a row as the adapter asks
// for. What it says last is what the test fails with.
func (e *Env) AwaitAnswers(ctx context.Context, from Actor, call actors.Call, predicate func(actors.Outcome) error) actors.Outcome {
	ctx, cancel := context.WithTimeout(ctx, e.convergence)
	defer cancel()
	var last actors.Outcome
	good := 0
	err := poll(ctx, Case{From: from, Call: call}.String(), func(ctx context.Context) error {
		for good < e.stable {
			outcomes, err := e.ask(ctx, from, []actors.Call{call}, false)
			if err == nil {
				last = outcomes[0]
				err = predicate(last)
			}
			if err != nil {
				good = 0
				return err
			}
			good++
		}
		return nil
	})
	if err != nil {
		e.failed(err.Error())
	}
	return last
}

// Call makes the calls from an actor, once. Who is denied is an outcome, not a failure.
func (e *Env) Call(ctx context.Context, from Actor, calls ...actors.Call) []actors.Outcome {
	outcomes, err := e.ask(ctx, from, calls, false)
	if err != nil {
		e.failed(err.Error())
	}
	return outcomes
}

// Measure makes a call n times, each on a connection of its own unless the call names one, and returns what became of
// them. It waits for nothing: await what is to be measured first.
func (e *Env) Measure(ctx context.Context, from Actor, call actors.Call, n int) actors.Outcome {
	call.Count = n
	return e.Call(ctx, from, call)[0]
}
