package tests

import (
	"context"
	"fmt"
	"maps"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "metrics-edges",
		Description: "The edges of a resource have each caller by itself, with what that one has sent",
		Features: []features.Name{
			features.MetricsEdges, features.MetricsEdgesSubresource, features.MetricsEdgeFrom, features.MetricsEdgeRestricts,
		},
		Manifests:     "metrics-edges.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := fetch(e, "called", 8080)
			want := map[suite.Actor]int{
				e.ClientA(): deliver(ctx, e, e.ClientA(), call, 7, answered).Answered(),
				e.ClientB(): deliver(ctx, e, e.ClientB(), call, 4, answered).Answered(),
			}
			e.AwaitThat(ctx, "both edges", func(ctx context.Context) error {
				edges, err := list(ctx, e, "deployments", "called", "edges")
				if err != nil {
					return err
				}
				Expect(edges.Resource.Kind).To(Equal("Deployment"))
				Expect(edges.Resource.Namespace).To(Equal(e.Main))
				Expect(edges.Resource.Name).To(Equal("called"))
				for _, item := range edges.Items {
					Expect(item.Resource.Name).To(Equal("called"), "whose edge it is")
				}
				got, err := peers(edges, "from", "server", e.ClientA(), e.ClientB())
				if err == nil && !maps.Equal(got, want) {
					err = fmt.Errorf("edges %v, want %v", got, want)
				}
				return err
			})
		},
	})
}
