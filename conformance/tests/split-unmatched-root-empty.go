package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-unmatched-root-empty",
		Description:   "Where the root has no pods, who does not match gets no answer, and who does gets the backends",
		Features:      []features.Name{features.SplitUnmatchedRootEmpty},
		Manifests:     "split-unmatched-root-empty.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := fetch(e, "empty", suite.PortWeb)
			steady(ctx, e, e.ClientA(), with(call, "x-tester", "yes"), "web-v2")
			steady(ctx, e, e.ClientA(), call, nobody)
		},
	})
}
