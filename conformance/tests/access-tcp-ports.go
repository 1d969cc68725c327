package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-tcp-ports",
		Description: "A TCPRoute opens the ports that it names to the sources, and nothing else",
		Features: []features.Name{
			features.AccessTCPRoutePorts, features.SpecsTCPRoutePorts, features.SpecsTCPRouteV1alpha4,
		},
		Manifests: "access-tcp-ports.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), tcpTo(e, "web-v1", suite.PortTCP)),
				suite.Denied(e.ClientA(), tcpTo(e, "web-v1", suite.PortTCPB), tcpTo(e, "web-v1", suite.PortTCPC), tcpTo(e, "web-v2", suite.PortTCP)),
				suite.Denied(e.ClientB(), tcpTo(e, "web-v1", suite.PortTCP)),
			)
		},
	})
}
