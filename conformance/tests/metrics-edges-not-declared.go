package tests

import (
	"context"
	"fmt"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-edges-not-declared",
		Description:   "A caller from another namespace has an edge, with no object that names it",
		Features:      []features.Name{features.MetricsEdgesNotDeclared},
		Manifests:     "metrics-edges-not-declared.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := fetch(e, "web-v2", suite.PortHTTP)
			e.AwaitAllowed(ctx, e.OtherC(), call)
			must(only(e, "web-v2")(e.Measure(ctx, e.OtherC(), call, 9)))
			e.AwaitThat(ctx, "the edge", func(ctx context.Context) error {
				edges, err := list(ctx, e, "deployments", "web-v2", "edges")
				if err != nil {
					return err
				}
				got, err := peers(edges, "from", "server", e.OtherC())
				if err == nil && got[e.OtherC()] < 9 {
					err = fmt.Errorf("it has %d calls, and 9 were sent", got[e.OtherC()])
				}
				return err
			})
		},
	})
}
