package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-matches",
		Description:   "Who matches a header gets the backends by weight, everybody else the root's own endpoints",
		Features:      []features.Name{features.SplitMatches, features.SplitMatchesWeights, features.SplitUnmatchedToRoot},
		Manifests:     "split-matches.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			fox := with(root(e), "user-agent", "Mozilla/5.0 Firefox/9")
			never(ctx, e, e.ClientA(), fox, "web-v2")
			steady(ctx, e, e.ClientA(), with(root(e), "user-agent", "curl/8"), all...)
			steady(ctx, e, e.ClientA(), root(e), all...)
		},
	})
}
