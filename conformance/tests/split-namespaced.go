package tests

import (
	"context"
	"fmt"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-namespaced",
		Description:   "Splits and Services of the same names in another namespace are not concerned",
		Features:      []features.Name{features.SplitNamespaced},
		Manifests:     "split-namespaced.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), root(e), "web-v2")
			steady(ctx, e, e.OtherC(), root(e), "web-v2")
			other := root(e)
			other.Address = fmt.Sprintf("web.%s.svc:%d", e.Other, suite.PortWeb)
			steady(ctx, e, e.ClientA(), other, e.Other+"/web-v1")
			steady(ctx, e, e.OtherC(), other, e.Other+"/web-v1")
		},
	})
}
