package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-rules",
		Description: "What any of a target's rules allows is allowed",
		Features: []features.Name{
			features.AccessSeveralRules,
		},
		Manifests: "access-rules.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/books"), req(e, "POST", "/orders"), req(e, "GET", "/orders/7")),
				suite.Denied(e.ClientA(), req(e, "POST", "/books"), req(e, "DELETE", "/orders"), req(e, "GET", "/users")),
			)
		},
	})
}
