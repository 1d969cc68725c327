package tests

import (
	"context"
	"fmt"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "split-access-of-backends",
		Description: "A client that may call one of two backends is answered by that one alone, until it may call the other too",
		Features:    []features.Name{features.SplitAccessOfBackends},
		Manifests:   "split-access-of-backends.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			call := root(e)
			call.Count = burst
			e.AwaitAnswers(ctx, e.ClientA(), call, func(o actors.Outcome) error {
				if got := answers(e, o); got["web-v1"] == 0 || got["web-v2"]+got["web-v3"] > 0 {
					return fmt.Errorf("answers came from %v", got)
				}
				return nil
			})
			got := answers(e, e.Measure(ctx, e.ClientA(), call, thorough))
			e.Figure("with access to one of two backends", fmt.Sprint(got))
			Expect(got).To(And(HaveKey("web-v1"), Not(HaveKey("web-v2")), Not(HaveKey("web-v3"))))
			e.AwaitDenied(ctx, e.ClientB(), root(e))
			e.ApplyStage(ctx, "both")
			e.AwaitAnswers(ctx, e.ClientA(), call, only(e, "web-v1", "web-v2"))
		},
	})
}
