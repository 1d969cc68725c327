package tests

import (
	"context"
	"strings"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "split-spec-untouched",
		Description:   "A split in force reads as it was written: its spec, its generation, and who manages its fields",
		Features:      []features.Name{features.SplitSpecIsTheUsers},
		Manifests:     "split-spec-untouched.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			steady(ctx, e, e.ClientA(), root(e), "web-v1")
			before := readSplit(ctx, e, "v1alpha4", "rollout")
			Expect(before.Object["spec"]).To(Equal(map[string]any{"service": "web", "backends": []any{
				map[string]any{"service": "web-v1", "weight": int64(1)},
				map[string]any{"service": "missing", "weight": int64(1)},
			}}))
			Expect(before.GetGeneration()).To(BeEquivalentTo(1))
			e.ApplyStage(ctx, "edited")
			steady(ctx, e, e.ClientA(), root(e), "web-v2")
			after := readSplit(ctx, e, "v1alpha4", "rollout")
			Expect(after.GetGeneration()).To(BeEquivalentTo(2))
			Expect(specManagers(before)).To(HaveLen(1))
			Expect(specManagers(after)).To(Equal(specManagers(before)))
		},
	})
}

// specManagers are who has written to an object's spec.
func specManagers(o *unstructured.Unstructured) []string {
	var managers []string
	for _, entry := range o.GetManagedFields() {
		if entry.FieldsV1 != nil && strings.Contains(entry.FieldsV1.GetRawString(), `"f:spec"`) {
			managers = append(managers, entry.Manager)
		}
	}
	return managers
}
