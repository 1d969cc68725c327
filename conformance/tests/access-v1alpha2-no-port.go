package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-v1alpha2-no-port",
		Description: "A TrafficTarget of v1alpha2 without a port and without matches allows all matches on all ports",
		Features: []features.Name{
			features.AccessV1alpha2PortOmitted, features.AccessV1alpha2MatchesOmitted,
		},
		Manifests: "access-v1alpha2-no-port.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/read"), req(e, "PUT", "/write")),
				suite.Allowed(e.ClientA(), reqTo(e, "web-v1", suite.PortHTTPB, "GET", "/read"), reqTo(e, "web-v1", suite.PortHTTPB, "PUT", "/write")),
				suite.Denied(e.ClientA(), req(e, "PUT", "/read"), req(e, "GET", "/other")),
				suite.Denied(e.ClientB(), req(e, "GET", "/read")),
			)
		},
	})
}
