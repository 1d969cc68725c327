package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-sources",
		Description: "Each source of the list is let in, and nobody else; the list holds as it is now",
		Features: []features.Name{
			features.AccessSeveralSources, features.AccessSourcesEdited,
		},
		Manifests: "access-sources.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.ApplyStage(ctx, "both")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/")),
				suite.Allowed(e.ClientB(), req(e, "GET", "/")),
				suite.Denied(e.OtherC(), req(e, "GET", "/")),
			)
			e.ApplyStage(ctx, "another")
			e.Await(ctx,
				suite.Allowed(e.OtherC(), req(e, "GET", "/")),
				suite.Allowed(e.ClientB(), req(e, "GET", "/")),
				suite.Denied(e.ClientA(), req(e, "GET", "/")),
			)
		},
	})
}
