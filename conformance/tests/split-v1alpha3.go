package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-v1alpha3",
		Description:   "A split of v1alpha3 is in force, and so are its matches in an HTTPRouteGroup of v1alpha3",
		Features:      []features.Name{features.SplitV1alpha3, features.SplitV1alpha3Matches},
		Manifests:     "split-v1alpha3.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), with(root(e), "user-agent", "Firefox/9"), "web-v2")
			steady(ctx, e, e.ClientA(), root(e), all...)
			e.ApplyStage(ctx, "canary")
			judge(ctx, e, e.ClientA(), root(e), map[string]int64{"web-v1": 3, "web-v2": 1})
		},
	})
}
