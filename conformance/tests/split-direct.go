package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-direct",
		Description:   "Calls to the Services of backends, and to Services that the split does not name, are not split",
		Features:      []features.Name{features.SplitBackendsCalledDirectly, features.SplitOtherServicesUntouched},
		Manifests:     "split-direct.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			converge(ctx, e, e.ClientA(), root(e), "web-v1")
			for _, service := range all {
				steady(ctx, e, e.ClientA(), fetch(e, service, suite.PortWeb), service)
			}
			steady(ctx, e, e.ClientA(), fetch(e, "beside", suite.PortWeb), all...)
		},
	})
}
