package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-tcp-all-ports",
		Description: "A TCPRoute without ports opens all of them",
		Features: []features.Name{
			features.AccessPortsOmittedMeansAll, features.SpecsTCPRouteNoPorts,
		},
		Manifests: "access-tcp-all-ports.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), tcpTo(e, "web-v1", suite.PortTCP), tcpTo(e, "web-v1", suite.PortTCPB), tcpTo(e, "web-v1", suite.PortTCPC)),
				suite.Denied(e.ClientB(), tcpTo(e, "web-v1", suite.PortTCP), tcpTo(e, "web-v1", suite.PortTCPB)),
				suite.Denied(e.ClientA(), tcpTo(e, "web-v2", suite.PortTCP)),
			)
		},
	})
}
