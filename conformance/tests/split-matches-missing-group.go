package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-matches-missing-group",
		Description:   "A group that is not there matches nothing, and what is in force is what the others match",
		Features:      []features.Name{features.SplitMatchesMissingGroup, features.SplitMatchesGroupEdited},
		Manifests:     "split-matches-missing-group.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			tester, early := with(root(e), "x-tester", "yes"), with(root(e), "x-early", "yes")
			steady(ctx, e, e.ClientA(), tester, "web-v2")
			for _, call := range []actors.Call{early, root(e)} {
				steady(ctx, e, e.ClientA(), call, all...)
			}
			e.ApplyStage(ctx, "later")
			steady(ctx, e, e.ClientA(), early, "web-v2")
			e.ApplyStage(ctx, "edited")
			steady(ctx, e, e.ClientA(), early, all...)
			e.DeleteStage(ctx, "testers")
			steady(ctx, e, e.ClientA(), tester, all...)
		},
	})
}
