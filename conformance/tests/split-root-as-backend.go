package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-root-as-backend",
		Description:   "A root that is its own backend stands for the pods that it selects",
		Features:      []features.Name{features.SplitRootAsBackend},
		Manifests:     "split-root-as-backend.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), root(e), "web-v1")
			e.ApplyStage(ctx, "to the root")
			steady(ctx, e, e.ClientA(), root(e), all...)
			e.ApplyStage(ctx, "in part")
			steady(ctx, e, e.ClientA(), root(e), all...)
		},
	})
}
