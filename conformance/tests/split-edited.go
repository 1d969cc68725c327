package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-edited",
		Description:   "A split that is moved from 100 and 0 to 1000 and 500 gives the second a third",
		Features:      []features.Name{features.SplitEdited, features.SplitWeightsRelative},
		Manifests:     "split-edited.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			converge(ctx, e, e.ClientA(), root(e), "web-v1")
			e.ApplyStage(ctx, "a third")
			judge(ctx, e, e.ClientA(), root(e), map[string]int64{"web-v1": 1000, "web-v2": 500})
		},
	})
}
