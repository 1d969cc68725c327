package tests

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onsi/ginkgo/v2"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-window",
		Description:   "Metrics are of the window that they claim: calls are in them for that long, and then they are not",
		Features:      []features.Name{features.MetricsTimestampAndWindow},
		Manifests:     "metrics-window.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			awaitAvailable(ctx, e, "passing")
			first := time.Now()
			sent := deliver(ctx, e, e.ClientA(), fetch(e, "passing", 8080), 20, answered)
			last := time.Now()
			m := awaitCounts(ctx, e, "deployments", "passing", successes, sent.Answered())
			e.Figure("window", m.Window.Duration.String())
			w := windowed{made: sent.Answered(), slack: e.Convergence()}
			e.AwaitFor(ctx, m.Window.Duration+2*w.slack, "the calls to leave the window", func(ctx context.Context) error {
				m, err := get(ctx, e, "deployments", "passing")
				if err != nil {
					return err
				}
				n, err := m.count(successes)
				if err != nil {
					return err
				}
				done, err := w.look(time.Since(first), time.Since(last), m.Window.Duration, n)
				if err != nil {
					ginkgo.Fail(err.Error())
				}
				if !done {
					err = errors.New("they are still counted")
				}
				return err
			})
			e.Figure("gone after", time.Since(last).Round(time.Second).String())
		},
	})
}

// windowed judges what is counted of calls as time passes.
type windowed struct {
	made int
	// slack is how much longer than the window a call may be counted: figures take a while to arrive.
	slack time.Duration
}

// look judges a count that was read so long after the first and the last of the calls. It is done once none is counted.
// What is counted by pieces of the window may lose the first of them early, but not before half of it has passed.
func (w windowed) look(first, last, window time.Duration, count int) (done bool, err error) {
	switch {
	case window <= 0:
		return false, fmt.Errorf("the window is %s", window)
	case count > w.made || first < window/2 && count < w.made:
		return false, fmt.Errorf("%d of %d calls are counted %s after the first, in a window of %s", count, w.made, first.Round(time.Second), window)
	case last > window+w.slack && count > 0:
		return false, fmt.Errorf("%d of %d calls are still counted %s after the last, in a window of %s", count, w.made, last.Round(time.Second), window)
	}
	return count == 0, nil
}
