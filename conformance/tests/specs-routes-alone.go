package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-routes-alone",
		Description: "Routes that no target names allow nothing",
		Features: []features.Name{
			features.SpecsRoutesAlone,
		},
		Manifests: "specs-routes-alone.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/named")),
				suite.Denied(e.ClientA(), req(e, "GET", "/"), req(e, "POST", "/named"), tcpTo(e, "web-v1", suite.PortTCP)),
				suite.Denied(e.ClientB(), req(e, "GET", "/named"), req(e, "GET", "/"), tcpTo(e, "web-v1", suite.PortTCP)),
			)
		},
	})
}
