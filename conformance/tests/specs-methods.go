package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-methods",
		Description: "Methods are those that are listed, or all with *; path and method must both agree",
		Features: []features.Name{
			features.SpecsMethodSpecific, features.SpecsMethodAny, features.SpecsMethodsListed,
			features.SpecsMethodHeadOfItsOwn, features.SpecsPathAndMethod,
		},
		Manifests: "specs-methods.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			e.Await(ctx,
				suite.Allowed(e.ClientA(), req(e, "GET", "/one")),
				suite.Denied(e.ClientA(), req(e, "HEAD", "/one"), req(e, "POST", "/one"), req(e, "DELETE", "/one"), req(e, "OPTIONS", "/one")),
				suite.Allowed(e.ClientA(), req(e, "GET", "/some"), req(e, "HEAD", "/some"), req(e, "PUT", "/some")),
				suite.Denied(e.ClientA(), req(e, "POST", "/some"), req(e, "PATCH", "/some")),
				suite.Allowed(e.ClientA(), req(e, "GET", "/any"), req(e, "HEAD", "/any"), req(e, "POST", "/any"), req(e, "PATCH", "/any"), req(e, "OPTIONS", "/any")),
				suite.Denied(e.ClientA(), req(e, "GET", "/other"), req(e, "POST", "/other")),
			)
		},
	})
}
