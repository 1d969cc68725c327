package suite

import (
	"context"
	"time"

	"github.com/weft-mesh/weft/conformance/actors"
)

// AwaitThat waits until check is nil, for as long as the mesh may take to converge. It is for what is read from the API
// server; calls have ways of their own.
func (e *Env) AwaitThat(ctx context.Context, what string, check func(context.Context) error) {
	e.AwaitFor(ctx, e.convergence, what, check)
}

// AwaitFor is AwaitThat with a time of the test's own, for what is not the mesh's to hurry.
func (e *Env) AwaitFor(ctx context.Context, patience time.Duration, what string, check func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	e.must(poll(ctx, what, check))
}

// Convergence is how long the mesh may take to do what an object says, and to tell what it counted.
func (e *Env) Convergence() time.Duration { return e.convergence }

// Afterwards names a call and what is to become of it once the test's objects are gone. The test's end waits for it, as
// many times in a row as the adapter asks for: the next test is not to be deceived by what was.
func (e *Env) Afterwards(from Actor, call actors.Call, predicate func(actors.Outcome) error) {
	what := Case{From: from, Call: call}.String()
	if e.rest == nil {
		e.rest = map[string]func(context.Context) error{}
	}
	good := 0
	e.rest[what] = func(ctx context.Context) error {
		for ; good < e.stable; good++ {
			outcomes, err := e.ask(ctx, from, []actors.Call{call}, false)
			if err == nil {
				err = predicate(outcomes[0])
			}
			if err != nil {
				good = 0
				return err
			}
		}
		return nil
	}
}
