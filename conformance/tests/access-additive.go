package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-additive",
		Description: "What several targets allow adds up, and what one allows does not depend on another",
		Features: []features.Name{
			features.AccessAdditive, features.AccessAdditiveRemoval,
		},
		Manifests: "access-additive.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.ApplyStage(ctx, "first")
			e.ApplyStage(ctx, "second")
			both := []suite.Case{}
			both = append(both, suite.Allowed(e.ClientB(), req(e, "GET", "/books"))...)
			both = append(both, suite.Denied(e.ClientB(), req(e, "GET", "/users"), req(e, "GET", "/orders"))...)
			e.Await(ctx, both,
				suite.Allowed(e.ClientA(), req(e, "GET", "/books"), req(e, "GET", "/users"), req(e, "GET", "/orders")),
				suite.Denied(e.ClientA(), req(e, "GET", "/admin")),
			)
			e.DeleteStage(ctx, "first")
			e.Await(ctx, both, // /books was allowed by both
				suite.Allowed(e.ClientA(), req(e, "GET", "/books"), req(e, "GET", "/orders")),
				suite.Denied(e.ClientA(), req(e, "GET", "/users"), req(e, "GET", "/admin")),
			)
		},
	})
}
