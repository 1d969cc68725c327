package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-grpc",
		Description: "An HTTPRouteGroup describes gRPC by the path of the method",
		Features: []features.Name{
			features.SpecsGRPC,
		},
		Manifests: "specs-grpc.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), rpcTo(e, "/shop.Books/List"), on("kept", rpcTo(e, "/shop.Books/List"))),
				suite.Denied(e.ClientA(), rpcTo(e, "/shop.Books/Delete"), rpcTo(e, "/shop.Users/List")),
				suite.Denied(e.ClientB(), rpcTo(e, "/shop.Books/List")),
			)
		},
	})
}
