package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-example-path-specific",
		Description: "A target lets its source do what the matches that it names say, on the port that its TCPRoute names",
		Features: []features.Name{
			features.AccessDeniedUnlistedRoute, features.AccessMatchesSelectByName, features.AccessExamplePathSpecific,
			features.SpecsMatchNameIsKey,
		},
		Manifests: "access-example-path-specific.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/metrics")),
				// The group has a match for these, but the target does not name it.
				suite.Denied(e.ClientA(), req(e, "POST", "/metrics"), req(e, "GET", "/"), req(e, "GET", "/other")),
				suite.Denied(e.ClientA(), reqTo(e, "web-v1", suite.PortHTTPB, "GET", "/metrics")),
				suite.Denied(e.ClientB(), req(e, "GET", "/metrics")),
			)
		},
	})
}
