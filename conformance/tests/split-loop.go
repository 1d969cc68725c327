package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-loop",
		Description:   "Two splits that name each other's roots each send to the other's own pods",
		Features:      []features.Name{features.SplitLoop},
		Manifests:     "split-loop.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), fetch(e, "web-v1", suite.PortWeb), "web-v2")
			steady(ctx, e, e.ClientA(), fetch(e, "web-v2", suite.PortWeb), "web-v1")
		},
	})
}
