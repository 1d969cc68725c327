package tests

import (
	"context"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-api-kind",
		Description:   "The list of resources gives each the kind TrafficMetrics",
		Features:      []features.Name{features.MetricsAPIResourceKind},
		Manifests:     "metrics-api-kind.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			var served metav1.APIResourceList
			must(e.Read(ctx, metricsAPI+"/").Into(&served))
			for _, r := range served.APIResources {
				if _, ok := metricsResources[r.Name]; ok {
					Expect(r.Kind).To(Equal("TrafficMetrics"), r.Name)
				}
			}
		},
	})
}
