package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-headers-alone",
		Description: "Where path and methods are left out, header filters hold for any path and all methods",
		Features: []features.Name{
			features.SpecsHeadersAlone,
		},
		Manifests: "specs-headers-alone.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			fox := func(method, path string) actors.Call { return with(req(e, method, path), "user-agent", "Firefox/99") }
			e.Await(ctx,
				suite.Allowed(e.ClientA(), fox("GET", "/"), fox("POST", "/any/path"), fox("HEAD", "/metrics"), fox("DELETE", "/a?b=c")),
				suite.Denied(e.ClientA(), req(e, "GET", "/"), req(e, "POST", "/any/path")),
			)
		},
	})
}
