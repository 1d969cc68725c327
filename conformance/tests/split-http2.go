package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-http2",
		Description:   "The requests of one HTTP/2 connection are shared out 3 to 1",
		Features:      []features.Name{features.SplitHTTP2},
		Manifests:     "split-http2.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := actors.Call{Protocol: actors.HTTP2, Address: e.Address("web", suite.PortHTTP2), Path: "/smi.Conformance/Say", Connection: "one", Timeout: patience, Concurrency: 8}
			judge(ctx, e, e.ClientA(), call, map[string]int64{"web-v1": 3, "web-v2": 1})
		},
	})
}
