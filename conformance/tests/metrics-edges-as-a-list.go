package tests

import (
	"context"
	"errors"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-edges-as-a-list",
		Description:   "The edges of a resource are a list of its own, and none of them is a resource",
		Features:      []features.Name{features.MetricsEdgesOfTheResource},
		Manifests:     "metrics-edges-as-a-list.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := fetch(e, "web-v2", suite.PortHTTP)
			e.AwaitAllowed(ctx, e.ClientB(), call)
			e.AwaitThat(ctx, "an edge", func(ctx context.Context) error {
				edges, err := list(ctx, e, "deployments", "web-v2", "edges")
				if err == nil && len(edges.Items) == 0 {
					err = errors.New("there is none")
				}
				for _, item := range edges.Items {
					Expect(item.Resource).To(And(HaveField("Kind", "Deployment"), HaveField("Namespace", e.Main), HaveField("Name", "web-v2")))
				}
				return err
			})
			for _, name := range []string{"client-b", "deployment.client-b"} {
				Expect(e.Read(ctx, path(e, "deployments", "web-v2", "edges", name)).Code).To(BeNumerically(">=", 400))
			}
		},
	})
}
