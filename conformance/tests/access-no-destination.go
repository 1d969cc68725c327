package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-no-destination",
		Description: "A target without a destination allows nothing, or is refused",
		Features: []features.Name{
			features.AccessDestinationRequired,
		},
		Manifests: "access-no-destination.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			refusal := e.TryApplyStage(ctx, "incomplete")
			e.Figure("refused at apply", refusal != nil)
			e.Await(ctx,
				suite.Allowed(e.ClientB(), req(e, "GET", "/")), // what is applied has been acted on
				suite.Denied(e.ClientA(), req(e, "GET", "/"), tcpTo(e, "web-v1", suite.PortTCP)),
				suite.Denied(e.OtherC(), req(e, "GET", "/")),
				suite.Denied(e.ClientA(), reqTo(e, "web-v2", suite.PortHTTP, "GET", "/")),
			)
		},
	})
}
