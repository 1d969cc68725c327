package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-several-on-root",
		Description:   "Splits for two user segments and one for everybody else hold on one root",
		Features:      []features.Name{features.SplitSeveralOnRoot},
		Manifests:     "split-several-on-root.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), with(root(e), "x-tester", "yes"), "web-v2")
			steady(ctx, e, e.ClientA(), with(root(e), "x-staff", "ann"), "web-v3")
			steady(ctx, e, e.ClientA(), root(e), "web-v1")
		},
	})
}
