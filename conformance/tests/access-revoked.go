package tests

import (
	"context"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-revoked",
		Description: "What is no longer allowed is denied from then on, also on connections that are open",
		Features: []features.Name{
			features.AccessRevoked,
		},
		Manifests: "access-revoked.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.ApplyStage(ctx, "target")
			one, two := on("one", req(e, "GET", "/")), on("two", reqTo(e, "web-v1", suite.PortHTTP2, "GET", "/"))
			two.Protocol = actors.HTTP2
			e.Await(ctx, suite.Allowed(e.ClientA(), one, two))
			kept := e.Call(ctx, e.ClientA(), one, two)
			Expect(kept[0].Connections+kept[1].Connections).To(BeZero(), "the requests were to share their connections")
			e.DeleteStage(ctx, "target")
			e.Await(ctx, suite.Denied(e.ClientA(), one, two, req(e, "GET", "/")))
		},
	})
}
