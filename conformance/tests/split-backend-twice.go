package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-backend-twice",
		Description:   "A backend that is listed twice has the sum of its weights",
		Features:      []features.Name{features.SplitBackendTwice},
		Manifests:     "split-backend-twice.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			judge(ctx, e, e.ClientA(), root(e), map[string]int64{"web-v1": 3, "web-v2": 1})
		},
	})
}
