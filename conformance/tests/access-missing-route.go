package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-missing-route",
		Description: "A rule that names nothing that is there allows nothing, takes nothing from the other rules, and holds once it is there",
		Features: []features.Name{
			features.AccessMissingRouteAllowsNothing, features.AccessMissingRouteHoldsTheRest,
		},
		Manifests: "access-missing-route.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			// web-v2 has a target all of whose rules are missing.
			missing := reqTo(e, "web-v2", suite.PortHTTP, "GET", "/late")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/there")),
				suite.Denied(e.ClientA(), req(e, "GET", "/late"), req(e, "GET", "/"), missing, tcpTo(e, "web-v2", suite.PortTCP)),
			)
			e.ApplyStage(ctx, "late")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/there"), req(e, "GET", "/late"), missing),
				suite.Denied(e.ClientA(), req(e, "GET", "/"), tcpTo(e, "web-v2", suite.PortTCP)),
			)
		},
	})
}
