package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-udp",
		Description:   "UDP flows are shared out 3 to 1",
		Features:      []features.Name{features.SplitUDP},
		Manifests:     "split-udp.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := actors.Call{Protocol: actors.UDP, Address: e.Address("web", suite.PortUDP), Concurrency: 8}
			judge(ctx, e, e.ClientA(), call, map[string]int64{"web-v1": 3, "web-v2": 1})
		},
	})
}
