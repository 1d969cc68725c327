package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-namespaces",
		Description: "A source is an account of a namespace: of another one if it says so, and not its namesake",
		Features: []features.Name{
			features.AccessSourceInOtherNamespace, features.AccessNamespaceIsPartOfSource,
		},
		Manifests: "access-namespaces.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			own, foreign := req(e, "GET", "/own"), req(e, "GET", "/foreign")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), own),
				suite.Denied(e.ClientA(), foreign),
				suite.Allowed(e.OtherA(), foreign),
				suite.Denied(e.OtherA(), own),
				suite.Denied(e.OtherC(), own, foreign),
				suite.Denied(e.Stranger(), own, foreign),
			)
		},
	})
}
