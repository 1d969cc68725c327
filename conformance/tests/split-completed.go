package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-completed",
		Description:   "All traffic goes to the one backend that is left; without the split the root is a plain Service again",
		Features:      []features.Name{features.SplitCompleted, features.SplitRemoved},
		Manifests:     "split-completed.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), root(e), "web-v2")
			e.DeleteStage(ctx, "rollout")
			converge(ctx, e, e.ClientA(), root(e), all...)
		},
	})
}
