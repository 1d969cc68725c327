package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-backend-types",
		Description:   "A backend may be headless, or of type NodePort",
		Features:      []features.Name{features.SplitBackendTypes},
		Manifests:     "split-backend-types.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), root(e), "web-v2", "web-v3")
		},
	})
}
