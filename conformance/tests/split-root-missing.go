package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-root-missing",
		Description:   "A split whose root does not exist harms nobody, and holds once the root is created",
		Features:      []features.Name{features.SplitRootMissing},
		Manifests:     "split-root-missing.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			converge(ctx, e, e.ClientA(), root(e), "web-v1")
			converge(ctx, e, e.ClientA(), fetch(e, "web-v2", suite.PortWeb), "web-v2")
			e.ApplyStage(ctx, "root")
			steady(ctx, e, e.ClientA(), fetch(e, "late-root", suite.PortWeb), "web-v2")
		},
	})
}
