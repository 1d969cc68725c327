package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-destination",
		Description: "A target opens the pods of its ServiceAccount, whatever Service leads to them, and no other pods behind that Service",
		Features: []features.Name{
			features.AccessDestinationSelectsPods,
		},
		Manifests: "access-destination.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.AwaitAllowed(ctx, e.ClientA(), req(e, "GET", "/"))
			e.AwaitDenied(ctx, e.ClientA(), reqTo(e, "web-v2", suite.PortHTTP, "GET", "/"))
			// The Service web leads to pods of three accounts.
			through := reqTo(e, "web", suite.PortHTTP, "GET", "/")
			through.Count = burst
			o := e.AwaitAnswers(ctx, e.ClientA(), through, only(e, "web-v1", nobody))
			e.Figure("answers through a Service of three accounts", answers(e, o))
			e.AwaitDenied(ctx, e.ClientB(), through)
		},
	})
}
