package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-matches-omitted",
		Description: "A rule without matches stands for all matches of its group, and several names for each of them",
		Features: []features.Name{
			features.AccessMatchesOmittedMeansAll, features.SpecsMatchesOr,
		},
		Manifests: "access-matches-omitted.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/read"), req(e, "PUT", "/write"), req(e, "DELETE", "/purge")),
				suite.Denied(e.ClientA(), req(e, "GET", "/write"), req(e, "PUT", "/read"), req(e, "GET", "/"), req(e, "GET", "/other")),
				suite.Allowed(e.ClientB(), req(e, "GET", "/read"), req(e, "DELETE", "/purge")),
				suite.Denied(e.ClientB(), req(e, "PUT", "/write"), req(e, "GET", "/other")),
			)
		},
	})
}
