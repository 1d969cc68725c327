package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-grpc",
		Description:   "gRPC calls on one connection are shared out 3 to 1",
		Features:      []features.Name{features.SplitGRPC},
		Manifests:     "split-grpc.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := actors.Call{Protocol: actors.GRPC, Address: e.Address("web", suite.PortGRPC), Path: "/smi.Conformance/Say", Connection: "one", Timeout: patience, Concurrency: 8}
			judge(ctx, e, e.ClientA(), call, map[string]int64{"web-v1": 3, "web-v2": 1})
		},
	})
}
