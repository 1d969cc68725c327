package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-port-by-number",
		Description:   "Ports of root and backend match by number: another name does no harm, the same name alone is not enough",
		Features:      []features.Name{features.SplitPortByNumber},
		Manifests:     "split-port-by-number.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), fetch(e, "birds", 9000), "web-v2")
		},
	})
}
