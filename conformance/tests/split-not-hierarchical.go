package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-not-hierarchical",
		Description:   "A split on a backend of another split holds for who calls that backend, and for nobody else",
		Features:      []features.Name{features.SplitNotHierarchical},
		Manifests:     "split-not-hierarchical.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), fetch(e, "web-v1", suite.PortWeb), "web-v3")
			steady(ctx, e, e.ClientA(), root(e), "web-v1", "web-v2")
		},
	})
}
