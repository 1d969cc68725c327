package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-weight-zero",
		Description:   "Backends of weight 0 are not called once",
		Features:      []features.Name{features.SplitWeightZero},
		Manifests:     "split-weight-zero.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			never(ctx, e, e.ClientA(), root(e), "web-v1")
		},
	})
}
