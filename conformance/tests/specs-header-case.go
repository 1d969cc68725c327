package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-header-case",
		Description: "The name of a header has no case, in a filter as in a request",
		Features: []features.Name{
			features.SpecsHeaderNameAnyCase,
		},
		Manifests: "specs-header-case.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			get := req(e, "GET", "/")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), with(get, "x-shelf", "b"), with(get, "X-Shelf", "b"), with(get, "X-SHELF", "b")),
				suite.Denied(e.ClientA(), with(get, "x-shelf", "7"), get),
				suite.Allowed(e.ClientB(), with(get, "x-row", "b"), with(get, "X-Row", "b")),
				suite.Denied(e.ClientB(), with(get, "x-row", "7"), get),
			)
		},
	})
}
