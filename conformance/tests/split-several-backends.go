package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-several-backends",
		Description:   "Three backends have their shares",
		Features:      []features.Name{features.SplitSeveralBackends},
		Manifests:     "split-several-backends.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			judge(ctx, e, e.ClientA(), root(e), map[string]int64{"web-v1": 4, "web-v2": 2, "web-v3": 1})
		},
	})
}
