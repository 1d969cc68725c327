package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-udp-all-ports",
		Description: "A UDPRoute without ports opens all UDP ports to the sources, and no TCP port",
		Features: []features.Name{
			features.AccessUDPPortsOmittedMeansAll, features.SpecsUDPRouteNoPorts, features.SpecsUDPRouteIsNotTCP,
		},
		Manifests: "access-udp-all-ports.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), udpTo(e, 8076), udpTo(e, 8077), udpTo(e, 8078)),
				suite.Denied(e.ClientA(), tcpTo(e, "web-v1", 8076), tcpTo(e, "web-v1", 8078), req(e, "GET", "/")),
				suite.Denied(e.ClientB(), udpTo(e, 8077)),
			)
		},
	})
}
