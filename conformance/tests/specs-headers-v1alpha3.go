package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "specs-headers-v1alpha3",
		Description: "Header filters of v1alpha3 mean what they say",
		Features: []features.Name{
			features.SpecsHeadersV1alpha3,
		},
		Manifests: "specs-headers-v1alpha3.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			get := req(e, "GET", "/")
			insider := with(get, "user-agent", "Mozilla (Android 14)", "cookie", "a=b;type=insider;c=d")
			e.Await(ctx,
				suite.Allowed(e.ClientA(), insider, with(insider, "cookie", "type=insider")),
				suite.Allowed(e.ClientA(), with(get, "user-agent", "Mozilla Firefox/99")), // the other route
				// One header of two is not enough.
				suite.Denied(e.ClientA(), with(get, "user-agent", "Mozilla (Android 14)"), with(get, "cookie", "type=insider")),
				suite.Denied(e.ClientA(), with(insider, "user-agent", "curl/8"), with(insider, "cookie", "type=outsider")),
				suite.Denied(e.ClientA(), with(get, "user-agent", "curl/8"), with(get, "x-user-agent", "Firefox")),
			)
		},
	})
}
