package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-tcp-weight-zero",
		Description:   "A backend of weight 0 gets no TCP connection, before and after the weights are swapped",
		Features:      []features.Name{features.SplitTCPWeightZero},
		Manifests:     "split-tcp-weight-zero.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := actors.Call{Protocol: actors.TCP, Address: e.Address("web", suite.PortTCP), Timeout: patience, Concurrency: 8}
			never(ctx, e, e.ClientA(), call, "web-v1")
			e.ApplyStage(ctx, "swapped")
			never(ctx, e, e.ClientA(), call, "web-v2")
		},
	})
}
