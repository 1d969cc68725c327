package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-port-and-route",
		Description: "A TCPRoute beside an HTTPRouteGroup narrows it to ports: port and route must both agree",
		Features: []features.Name{
			features.AccessPortAndRoute,
		},
		Manifests: "access-port-and-route.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			admin := func(path string) actors.Call { return reqTo(e, "web-v1", suite.PortHTTPB, "GET", path) }
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/api")),
				// Not the TCPRoute alone, nor the HTTPRouteGroup alone.
				suite.Denied(e.ClientA(), req(e, "POST", "/api"), req(e, "GET", "/admin"), admin("/api"), admin("/admin")),
				suite.Denied(e.ClientA(), tcpTo(e, "web-v1", suite.PortTCP)),
				// Without ports it narrows nothing.
				suite.Allowed(e.ClientB(), req(e, "GET", "/api"), admin("/api")),
				suite.Denied(e.ClientB(), req(e, "POST", "/api"), admin("/admin")),
			)
		},
	})
}
