package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-weights",
		Description:   "Requests to a root are shared out 3 to 1, though the root selects the pods of a third version too",
		Features:      []features.Name{features.SplitWeights, features.SplitV1alpha4, features.SplitRootByName, features.SplitRootSelectsBackends},
		Manifests:     "split-weights.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			judge(ctx, e, e.ClientA(), root(e), map[string]int64{"web-v1": 3, "web-v2": 1})
		},
	})
}
