package tests

import (
	"context"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-all-weights-zero",
		Description:   "A split without any weight sends nothing to its backends, and costs nobody else a request",
		Features:      []features.Name{features.SplitAllWeightsZero},
		Manifests:     "split-all-weights-zero.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			if err := e.TryApplyStage(ctx, "nothing"); err != nil {
				e.Figure("all weights 0", "refused: "+err.Error())
				return
			}
			e.ApplyStage(ctx, "witness")
			steady(ctx, e, e.ClientA(), root(e), "web-v2")
			// Who answers instead, the root's own pods or nobody, is for the mesh to decide.
			got := answers(e, e.Measure(ctx, e.ClientA(), fetch(e, "rollout", suite.PortWeb), thorough))
			Expect(got).NotTo(Or(HaveKey("web-v1"), HaveKey("web-v2")))
			e.ApplyStage(ctx, "all")
			steady(ctx, e, e.ClientA(), fetch(e, "rollout", suite.PortWeb), "web-v1")
		},
	})
}
