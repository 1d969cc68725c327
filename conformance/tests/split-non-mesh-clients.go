package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-non-mesh-clients",
		Description:   "A split binds clients in the mesh; to a client that is not in it the root is a plain Service",
		Features:      []features.Name{features.SplitNonMeshClients},
		Manifests:     "split-non-mesh-clients.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			// All pods of the suite serve, so the stranger's own pod is behind the root, and nobody is behind the backend.
			call := root(e)
			call.Address = e.AddressIn(e.Outside, "plain", suite.PortWeb)
			server := e.Outside + "/client-a"
			for _, client := range []suite.Actor{e.ClientA(), e.Stranger()} {
				converge(ctx, e, client, call, server)
			}
			e.ApplyStage(ctx, "split")
			converge(ctx, e, e.ClientA(), call, nobody)
			steady(ctx, e, e.Stranger(), call, server)
		},
	})
}
