package tests

import (
	"context"
	"net"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-server-side",
		Description: "Access is enforced at the server: whoever is not in the mesh, and whoever calls the pod by its address, is judged as well",
		Features: []features.Name{
			features.AccessEnforcedAtServer,
		},
		Manifests: "access-server-side.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			ip := e.PodIP(ctx, e.Main, "web-v1")
			direct, wire := req(e, "GET", "/"), tcpTo(e, "web-v1", suite.PortTCP)
			direct.Address, wire.Address = net.JoinHostPort(ip, "8080"), net.JoinHostPort(ip, "8078")
			direct.Host = "web-v1" // it may say what it wants
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/"), tcpTo(e, "web-v1", suite.PortTCP)),
				suite.Denied(e.ClientB(), direct, wire),
				// It has the account name of a source, and is not in the mesh to prove who it is.
				suite.Denied(e.Stranger(), direct, wire, req(e, "GET", "/"), tcpTo(e, "web-v1", suite.PortTCP)),
			)
		},
	})
}
