package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "access-example-http",
		Description: "The example of the specification for HTTP allows what its table says, and nothing else",
		Features: []features.Name{
			features.AccessExampleHTTP, features.AccessV1alpha3WithSpecsV1alpha4,
		},
		Manifests: "access-example-http.yaml",
		Run: func(ctx context.Context, e *suite.Env) {
			api, metrics := "/api", "/metrics"
			website, payments, prometheus := e.ClientA(), e.ClientB(), e.OtherC()
			e.Await(ctx,
				suite.Allowed(website, req(e, "GET", api), req(e, "DELETE", api)),
				suite.Allowed(payments, req(e, "GET", api), req(e, "POST", api)),
				suite.Allowed(prometheus, req(e, "GET", metrics)),
				suite.Denied(website, req(e, "GET", metrics), req(e, "GET", "/")),
				suite.Denied(payments, req(e, "GET", metrics), req(e, "GET", "/")),
				suite.Denied(prometheus, req(e, "POST", metrics), req(e, "GET", api)),
				suite.Denied(e.OtherA(), req(e, "GET", api), req(e, "GET", metrics)),
				// The TCPRoute of the target names another port.
				suite.Denied(website, reqTo(e, "web-v1", suite.PortHTTPB, "GET", api)),
			)
		},
	})
}
