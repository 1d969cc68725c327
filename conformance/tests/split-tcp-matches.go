package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-tcp-matches",
		Description:   "A split with matches leaves the root's TCP ports to the root's own endpoints",
		Features:      []features.Name{features.SplitTCPMatches},
		Manifests:     "split-tcp-matches.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			converge(ctx, e, e.ClientA(), with(root(e), "x-tester", "yes"), "web-v2")
			call := actors.Call{Protocol: actors.TCP, Address: e.Address("web", suite.PortTCP), Timeout: patience, Concurrency: 8}
			steady(ctx, e, e.ClientA(), call, all...)
		},
	})
}
