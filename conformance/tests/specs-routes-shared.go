package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-routes-shared",
		Description: "Several targets may name the same routes, of which each takes what it names",
		Features: []features.Name{
			features.SpecsRoutesShared,
		},
		Manifests: "specs-routes-shared.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			v2 := func(path string) actors.Call { return reqTo(e, "web-v2", suite.PortHTTP, "GET", path) }
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/one"), req(e, "GET", "/two")),
				suite.Denied(e.ClientA(), v2("/one"), v2("/two")),
				suite.Allowed(e.ClientB(), v2("/two")),
				suite.Denied(e.ClientB(), v2("/one"), req(e, "GET", "/one"), req(e, "GET", "/two")),
			)
		},
	})
}
