package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-http2",
		Description: "An HTTPRouteGroup describes HTTP/2 as it does HTTP/1",
		Features: []features.Name{
			features.SpecsHTTP2,
		},
		Manifests: "specs-http2.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			h2 := func(method, path string) actors.Call {
				c := reqTo(e, "web-v1", suite.PortHTTP2, method, path)
				c.Protocol = actors.HTTP2
				return c
			}
			e.Await(ctx,
				suite.Allowed(e.ClientA(), h2("GET", "/api"), req(e, "GET", "/api")),
				suite.Denied(e.ClientA(), h2("POST", "/api"), h2("GET", "/other")),
				suite.Denied(e.ClientB(), h2("GET", "/api")),
			)
		},
	})
}
