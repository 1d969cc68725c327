package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-matches-merged",
		Description:   "The matches of several groups are one set: any of them will do",
		Features:      []features.Name{features.SplitMatchesMerged},
		Manifests:     "split-matches-merged.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			for _, tester := range [][2]string{{"x-tester", "yes"}, {"x-early", "1"}, {"x-staff", "ann"}} {
				steady(ctx, e, e.ClientA(), with(root(e), tester[0], tester[1]), "web-v2")
			}
			steady(ctx, e, e.ClientA(), with(with(root(e), "x-tester", "yes"), "x-staff", "ann"), "web-v2")
			converge(ctx, e, e.ClientA(), with(root(e), "x-tester", "no"), all...)
			converge(ctx, e, e.ClientA(), root(e), all...)
		},
	})
}
