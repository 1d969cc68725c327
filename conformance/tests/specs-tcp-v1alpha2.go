package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-tcp-v1alpha2",
		Description: "A TCPRoute of v1alpha2 opens all ports of its target, or the one that the target names",
		Features: []features.Name{
			features.SpecsTCPRouteV1alpha2,
		},
		Manifests: "specs-tcp-v1alpha2.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), tcpTo(e, "web-v1", 8078), tcpTo(e, "web-v1", 8077)),
				suite.Allowed(e.ClientB(), tcpTo(e, "web-v1", 8077)),
				suite.Denied(e.ClientB(), tcpTo(e, "web-v1", 8078)),
				suite.Denied(e.ClientA(), tcpTo(e, "web-v2", 8078)),
				suite.Denied(e.OtherA(), tcpTo(e, "web-v1", 8078), tcpTo(e, "web-v1", 8077)),
			)
		},
	})
}
