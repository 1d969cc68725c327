package tests

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-edited-under-load",
		Description:   "Weights move back and forth while requests come in on kept connections, and each of them is answered",
		Features:      []features.Name{features.SplitEditedUnderLoad},
		Manifests:     "split-edited-under-load.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			converge(ctx, e, e.ClientA(), root(e), "web-v1")
			load := root(e)
			load.Connection, load.Rate = "kept", 200
			load.Method, load.Payload = "POST", "once" // which nobody sends again by himself
			done := make(chan actors.Outcome, 1)
			go func() {
				defer GinkgoRecover()
				defer close(done)
				done <- e.Measure(ctx, e.ClientA(), load, 2000)
			}()
			for range 3 {
				for _, weights := range []struct{ stage, server string }{{"second", "web-v2"}, {"first", "web-v1"}} {
					e.ApplyStage(ctx, weights.stage)
					converge(ctx, e, e.ClientB(), root(e), weights.server)
				}
			}
			o := <-done
			e.Figure("requests while weights moved six times", fmt.Sprintf("%d, on %d connections, %v", o.Count, o.Connections, answers(e, o)))
			must(only(e, "web-v1", "web-v2")(o))
		},
	})
}
