package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-v1alpha2",
		Description:   "A split of v1alpha2 is in force",
		Features:      []features.Name{features.SplitV1alpha2},
		Manifests:     "split-v1alpha2.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), root(e), "web-v2")
			e.ApplyStage(ctx, "halves")
			judge(ctx, e, e.ClientA(), root(e), map[string]int64{"web-v1": 50, "web-v2": 50})
		},
	})
}
