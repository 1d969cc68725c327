package tests

import (
	"context"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-clients",
		Description:   "Each client has the shares for itself, from another namespace too",
		Features:      []features.Name{features.SplitPerClient, features.SplitFromOtherNamespace},
		Manifests:     "split-clients.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			for _, client := range []suite.Actor{e.ClientB(), e.OtherC()} {
				converge(ctx, e, client, root(e), "web-v1", "web-v3")
				measure(ctx, e, client, root(e), map[string]int64{"web-v1": 1, "web-v3": 3}, coarse)
			}
		},
	})
}
