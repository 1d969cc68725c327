package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-matches-path-method",
		Description:   "A group's paths and methods hold in a split as its headers do",
		Features:      []features.Name{features.SplitMatchesPathAndMethod},
		Manifests:     "split-matches-path-method.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			order := root(e)
			order.Method, order.Path = "POST", "/orders/1"
			steady(ctx, e, e.ClientA(), order, "web-v2")
			for _, other := range [][2]string{{"GET", "/orders/1"}, {"POST", "/"}, {"POST", "/old/orders"}} {
				call := root(e)
				call.Method, call.Path = other[0], other[1]
				steady(ctx, e, e.ClientA(), call, all...)
			}
		},
	})
}
