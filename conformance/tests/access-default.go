package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-default",
		Description: "Where nothing is allowed everything is denied; what a target allows its sources may do, and nobody else",
		Features: []features.Name{
			features.AccessDeniedByDefault, features.AccessDeniedByDefaultTCP, features.AccessAllowedOnDefinedRoutes,
			features.AccessDeniedUnlistedSource, features.AccessIdentityIsServiceAccount, features.AccessV1alpha3,
			features.SpecsMatchEverything, features.SpecsHTTPRouteGroupV1alpha4,
		},
		Manifests: "access-default.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			elsewhere := []suite.Case{}
			for _, from := range []suite.Actor{e.ClientA(), e.ClientB()} {
				elsewhere = append(elsewhere, suite.Denied(from, reqTo(e, "web-v2", suite.PortHTTP, "GET", "/"), tcpTo(e, "web-v2", suite.PortTCP))...)
			}
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/"), req(e, "POST", "/any/path?and=query"), req(e, "HEAD", "/")),
				suite.Denied(e.ClientB(), req(e, "GET", "/"), req(e, "POST", "/any/path?and=query")), // it is no source
				elsewhere, // web-v2 is no destination
			)
		},
	})
}
