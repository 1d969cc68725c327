package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-unknown-match",
		Description: "A name in matches that the group does not have allows nothing, and does not stand for all",
		Features: []features.Name{
			features.AccessUnknownMatchAllowsNothing,
		},
		Manifests: "access-unknown-match.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			none := reqTo(e, "web-v2", suite.PortHTTP, "GET", "/known")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/known")),
				suite.Denied(e.ClientA(), req(e, "GET", "/other"), req(e, "GET", "/"), none),
			)
		},
	})
}
