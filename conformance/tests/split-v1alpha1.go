package tests

import (
	"context"
	"maps"
	"slices"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-v1alpha1",
		Description:   "A split of v1alpha1 is in force, with weights as quantities of any spelling, which read as they were written",
		Features:      []features.Name{features.SplitV1alpha1, features.SplitV1alpha1Quantities, features.SplitV1alpha1QuantitiesAsWritten},
		Manifests:     "split-v1alpha1.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), root(e), "web-v1")
			for _, c := range []struct {
				stage   string
				written []any
				weights map[string]int64
			}{
				{"page", []any{"10m", "100m", "1500m"}, map[string]int64{"web-v1": 10, "web-v2": 100, "web-v3": 1500}},
				{"workflow", []any{int64(1), "500m"}, map[string]int64{"web-v1": 1000, "web-v2": 500}},
				{"thousand", []any{"1k", int64(3000)}, map[string]int64{"web-v2": 1000, "web-v3": 3000}},
				{"decimal", []any{"0.5", "1500m"}, map[string]int64{"web-v1": 500, "web-v3": 1500}},
			} {
				e.ApplyStage(ctx, c.stage)
				call := root(e)
				call.Count = thorough
				e.AwaitAnswers(ctx, e.ClientA(), call, only(e, slices.Sorted(maps.Keys(c.weights))...))
				measure(ctx, e, e.ClientA(), root(e), c.weights, coarse)
				o := readSplit(ctx, e, "v1alpha1", "my-weights")
				backends, _, err := unstructured.NestedSlice(o.Object, "spec", "backends")
				Expect(err).NotTo(HaveOccurred())
				var written []any
				for _, b := range backends {
					written = append(written, b.(map[string]any)["weight"])
				}
				Expect(written).To(Equal(c.written), c.stage)
			}
		},
	})
}
