package tests

import (
	"context"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-api",
		Description:   "The API is registered with an APIService, and its resources can be got and listed",
		Features:      []features.Name{features.MetricsAPIService, features.MetricsAPIResourceList},
		Manifests:     "metrics-api.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			services := schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
			o, err := e.Client.Resource(services).Get(ctx, "v1alpha1.metrics.smi-spec.io", metav1.GetOptions{})
			Expect(err).NotTo(HaveOccurred())
			_, found, _ := unstructured.NestedMap(o.Object, "spec", "service")
			Expect(found).To(BeTrue(), "the APIService names a Service")

			var served metav1.APIResourceList
			must(e.Read(ctx, metricsAPI+"/").Into(&served))
			Expect(served.Kind).To(Equal("APIResourceList"))
			resources := map[string]metav1.APIResource{}
			for _, r := range served.APIResources {
				resources[r.Name] = r
			}
			for _, name := range []string{"namespaces", "deployments", "pods"} {
				Expect(resources).To(HaveKey(name))
			}
			for name, namespaced := range metricsResources {
				if r, ok := resources[name]; ok {
					Expect(r.Namespaced).To(Equal(namespaced), name)
					Expect(r.Verbs).To(ContainElements("get", "list"), name)
				}
			}
		},
	})
}

// metricsResources are those of the specification, and whether they are namespaced.
var metricsResources = map[string]bool{
	"namespaces": false, "nodes": false, "pods": true, "replicationcontrollers": true, "services": true, "daemonsets": true,
	"deployments": true, "replicasets": true, "statefulsets": true, "jobs": true, "trafficsplits": true,
}
