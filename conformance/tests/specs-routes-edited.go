package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-routes-edited",
		Description: "Routes hold as they are now, without a change of the target",
		Features: []features.Name{
			features.SpecsRoutesEdited,
		},
		Manifests: "specs-routes-edited.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.ApplyStage(ctx, "before")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/before"), req(e, "GET", "/always")),
				suite.Denied(e.ClientA(), req(e, "GET", "/after")),
			)
			e.ApplyStage(ctx, "after")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/after"), req(e, "GET", "/always")),
				suite.Denied(e.ClientA(), req(e, "GET", "/before")),
			)
			e.DeleteStage(ctx, "after")
			e.Await(ctx, suite.Denied(e.ClientA(), req(e, "GET", "/after"), req(e, "GET", "/always")))
		},
	})
}
