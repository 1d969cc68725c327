package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-tcp-routes",
		Description: "The ports of several TCPRoutes of a target add up, and hold as they are now",
		Features: []features.Name{
			features.SpecsTCPRoutesAdd, features.SpecsTCPRouteEdited,
		},
		Manifests: "specs-tcp-routes.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.ApplyStage(ctx, "before")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), tcpTo(e, "web-v1", 8078), tcpTo(e, "web-v1", 8077)),
				suite.Denied(e.ClientA(), tcpTo(e, "web-v1", 8076)),
			)
			e.ApplyStage(ctx, "after")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), tcpTo(e, "web-v1", 8078), tcpTo(e, "web-v1", 8076)),
				suite.Denied(e.ClientA(), tcpTo(e, "web-v1", 8077)),
			)
		},
	})
}
