package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-versions-add",
		Description: "Targets of all versions on one destination add up",
		Features: []features.Name{
			features.AccessVersionsAreOnePolicy,
		},
		Manifests: "access-versions-add.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/one"), req(e, "GET", "/two"), req(e, "GET", "/three")),
				suite.Denied(e.ClientA(), req(e, "GET", "/four"), req(e, "POST", "/one")),
				suite.Denied(e.ClientB(), req(e, "GET", "/one"), req(e, "GET", "/two"), req(e, "GET", "/three")),
			)
		},
	})
}
