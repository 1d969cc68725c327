package tests

import (
	"context"
	"fmt"
	"slices"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-edges-need-traffic",
		Description:   "An edge is there once its two ends have exchanged traffic, and not before",
		Features:      []features.Name{features.MetricsEdgesNeedTraffic},
		Manifests:     "metrics-edges-need-traffic.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			callers := func(want ...suite.Actor) {
				e.AwaitThat(ctx, "edges", func(ctx context.Context) error {
					edges, err := list(ctx, e, "deployments", "fresh", "edges")
					if err != nil {
						return err
					}
					got, err := peers(edges, "from", "server", e.ClientA(), e.ClientB())
					if err != nil {
						return err
					}
					for _, actor := range []suite.Actor{e.ClientA(), e.ClientB()} {
						if _, there := got[actor]; there != slices.Contains(want, actor) {
							return fmt.Errorf("edges %v, want those of %v", got, want)
						}
					}
					return nil
				})
			}
			callers()
			deliver(ctx, e, e.ClientA(), fetch(e, "fresh", 8080), 5, answered)
			callers(e.ClientA())
			deliver(ctx, e, e.ClientB(), fetch(e, "fresh", 8080), 5, answered)
			callers(e.ClientA(), e.ClientB())
		},
	})
}
