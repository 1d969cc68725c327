package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-example-l4",
		Description: "The example of the specification for TCP and UDP allows what it says, and nothing else",
		Features: []features.Name{
			features.AccessExampleL4, features.AccessUDPRoutePorts, features.AccessUDPSourceIdentity,
			features.SpecsUDPRoutePorts, features.SpecsUDPRouteV1alpha4,
		},
		Manifests: "access-example-l4.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), tcpTo(e, "web-v1", 8076), tcpTo(e, "web-v1", 8077), tcpTo(e, "web-v1", 8078)),
				suite.Allowed(e.ClientA(), udpTo(e, 8077), udpTo(e, 8078)),
				suite.Denied(e.ClientA(), udpTo(e, 8076)),
				suite.Denied(e.ClientB(), tcpTo(e, "web-v1", 8077), udpTo(e, 8077)),
			)
		},
	})
}
