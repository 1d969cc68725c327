package tests

import (
	"context"
	"fmt"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-edges-to",
		Description:   "The edges of a caller have whom it calls, as it sees them itself",
		Features:      []features.Name{features.MetricsEdgeTo, features.MetricsBothSides},
		Manifests:     "metrics-edges-to.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			sent := deliver(ctx, e, e.ClientB(), fetch(e, "callee", 8080), 11, answered).Answered()
			server := suite.Actor{Namespace: e.Main, Name: "callee"}
			e.AwaitThat(ctx, "the caller's edge", func(ctx context.Context) error {
				edges, err := list(ctx, e, "deployments", "client-b", "edges")
				if err != nil {
					return err
				}
				got, err := peers(edges, "to", "client", server)
				// The first answer may have come while the caller's proxy did not know the server.
				if err == nil && (got[server] < 11 || got[server] > sent) {
					err = fmt.Errorf("the caller has seen %d calls, and %d were sent", got[server], sent)
				}
				return err
			})
			// Who serves it has it as well.
			awaitCounts(ctx, e, "deployments", "callee", successes, sent)
		},
	})
}
