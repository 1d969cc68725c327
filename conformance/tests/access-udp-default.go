package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-udp-default",
		Description: "UDP is denied where no UDPRoute allows it: a TCPRoute of the same port does not",
		Features: []features.Name{
			features.AccessDeniedByDefaultUDP, features.SpecsTCPRouteIsNotUDP,
		},
		Manifests: "access-udp-default.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), tcpTo(e, "web-v1", 8077)),
				suite.Denied(e.ClientA(), udpTo(e, 8077), udpTo(e, 8078)),
				suite.Denied(e.ClientB(), udpTo(e, 8077)),
				suite.Denied(e.Stranger(), udpTo(e, 8077)),
			)
		},
	})
}
