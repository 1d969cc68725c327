package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-tcp",
		Description:   "TCP connections are shared out 3 to 1, and none goes to a backend of weight 0",
		Features:      []features.Name{features.SplitTCP},
		Manifests:     "split-tcp.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := actors.Call{Protocol: actors.TCP, Address: e.Address("web", suite.PortTCP), Timeout: patience, Concurrency: 8}
			judge(ctx, e, e.ClientA(), call, map[string]int64{"web-v1": 3, "web-v2": 1})
		},
	})
}
