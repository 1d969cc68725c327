package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-http-is-not-tcp",
		Description: "An HTTPRouteGroup opens no TCP port, and no method of a gRPC server that it does not match",
		Features: []features.Name{
			features.SpecsHTTPRouteGroupIsNotTCP,
		},
		Manifests: "specs-http-is-not-tcp.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/")),
				suite.Denied(e.ClientA(), tcpTo(e, "web-v1", suite.PortTCP), tcpTo(e, "web-v1", suite.PortTCPB), tcpTo(e, "web-v1", suite.PortTCPC)),
			)
		},
	})
}
