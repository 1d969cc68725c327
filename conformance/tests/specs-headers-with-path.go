package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-headers-with-path",
		Description: "Path, methods and header filters of a route must all agree",
		Features: []features.Name{
			features.SpecsHeadersWithPathAndMethod,
		},
		Manifests: "specs-headers-with-path.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			phone := func(method, path string) actors.Call {
				return with(req(e, method, path), "user-agent", "Mobile iPhone 15")
			}
			e.Await(ctx,
				suite.Allowed(e.ClientA(), phone("GET", "/api/books"), phone("HEAD", "/api/books")),
				suite.Denied(e.ClientA(), phone("POST", "/api/books"), phone("GET", "/books"), phone("GET", "/")),
				suite.Denied(e.ClientA(), req(e, "GET", "/api/books"), with(req(e, "GET", "/api/books"), "user-agent", "Android")),
			)
		},
	})
}
