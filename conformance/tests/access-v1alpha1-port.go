package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-v1alpha1-port",
		Description: "A TrafficTarget of v1alpha1 with a port allows its matches on that port alone",
		Features: []features.Name{
			features.AccessV1alpha1, features.AccessV1alpha1Port, features.AccessV1alpha1WithSpecsV1alpha1,
			features.SpecsHTTPRouteGroupV1alpha1,
		},
		Manifests: "access-v1alpha1-port.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/metrics")),
				suite.Denied(e.ClientA(), req(e, "POST", "/metrics"), req(e, "GET", "/other"), reqTo(e, "web-v1", suite.PortHTTPB, "GET", "/metrics")),
				suite.Denied(e.ClientB(), req(e, "GET", "/metrics")),
			)
		},
	})
}
