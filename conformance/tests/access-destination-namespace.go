package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-destination-namespace",
		Description: "A destination is an account of a namespace: pods of its namesake elsewhere are not opened",
		Features: []features.Name{
			features.AccessNamespaceIsPartOfDestination,
		},
		Manifests: "access-destination-namespace.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			namesake := req(e, "GET", "/")
			namesake.Address = e.AddressIn(e.Other, "web-v1", suite.PortHTTP)
			wire := tcpTo(e, "web-v1", suite.PortTCP)
			wire.Address = e.AddressIn(e.Other, "web-v1", suite.PortTCP)
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/"), tcpTo(e, "web-v1", suite.PortTCP)),
				suite.Denied(e.ClientA(), namesake, wire),
				suite.Denied(e.OtherA(), namesake, wire),
			)
		},
	})
}
