package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-port-missing",
		Description:   "A backend without the root's port is left out, and costs no request",
		Features:      []features.Name{features.SplitPortMissing},
		Manifests:     "split-port-missing.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), fetch(e, "birds", 9000), "web-v2")
		},
	})
}
