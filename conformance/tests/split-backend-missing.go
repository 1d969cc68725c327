package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-backend-missing",
		Description:   "A backend whose Service does not exist costs no request; it gets its share once it is created",
		Features:      []features.Name{features.SplitBackendMissing, features.SplitBackendCreatedLater},
		Manifests:     "split-backend-missing.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), root(e), "web-v1")
			e.ApplyStage(ctx, "later")
			converge(ctx, e, e.ClientA(), root(e), "web-v1", "web-v2")
			measure(ctx, e, e.ClientA(), root(e), map[string]int64{"web-v1": 3, "web-v2": 1}, coarse)
		},
	})
}
