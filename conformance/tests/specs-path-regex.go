package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-path-regex",
		Description: "pathRegex is a regular expression, anchored at the start of the path",
		Features: []features.Name{
			features.SpecsPathRegex, features.SpecsPathAnchoredAtStart,
		},
		Manifests: "specs-path-regex.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/books/7"), req(e, "GET", "/books/1984")),
				suite.Denied(e.ClientA(), req(e, "GET", "/books/seven"), req(e, "GET", "/books/"), req(e, "GET", "/")),
				suite.Denied(e.ClientA(), req(e, "GET", "/my/books/7"), req(e, "GET", "/x/books/7")), // it begins later
			)
		},
	})
}
