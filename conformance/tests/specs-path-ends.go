package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-path-ends",
		Description: "pathRegex is anchored at the start alone, in each of its alternatives, and a query does not hinder it",
		Features: []features.Name{
			features.SpecsPathOpenAtEnd, features.SpecsPathAlternatives, features.SpecsPathWithQuery,
		},
		Manifests: "specs-path-ends.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/metrics"), req(e, "GET", "/metrics/cpu"), req(e, "GET", "/metrics?window=30s")),
				suite.Denied(e.ClientA(), req(e, "GET", "/x/metrics"), req(e, "GET", "/?path=/metrics")),
				suite.Allowed(e.ClientB(), req(e, "GET", "/one"), req(e, "GET", "/two")),
				suite.Denied(e.ClientB(), req(e, "GET", "/x/one"), req(e, "GET", "/x/two"), req(e, "GET", "/three")),
			)
		},
	})
}
