package tests

import (
	"context"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-rbac-edges",
		Description:   "A role over pods/edges may see the edges of pods, and nothing else",
		Features:      []features.Name{features.MetricsRBACEdges},
		Manifests:     "metrics-rbac-edges.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			pods, err := list(ctx, e, "pods")
			must(err)
			Expect(pods.Items).NotTo(BeEmpty())
			pod := pods.Items[0].Resource.Name
			edges := []string{path(e, "pods", pod, "edges")}
			others := []string{path(e, "pods"), path(e, "pods", pod), path(e, "deployments", "web-v1", "edges"), path(e, "namespaces", e.Main)}
			mayRead(ctx, e, append(others, edges...), nil)
			e.ApplyStage(ctx, "role")
			mayRead(ctx, e, others, edges)
		},
	})
}
