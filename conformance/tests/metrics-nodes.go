package tests

import (
	"context"
	"fmt"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-nodes",
		Description:   "The traffic of a node is that of its pods",
		Features:      []features.Name{features.MetricsNodes},
		Manifests:     "metrics-nodes.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			pods := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
			found, err := e.Client.Resource(pods).Namespace(e.Main).List(ctx, metav1.ListOptions{LabelSelector: "app=web-v2"})
			Expect(err).NotTo(HaveOccurred())
			Expect(found.Items).NotTo(BeEmpty())
			node, _, _ := unstructured.NestedString(found.Items[0].Object, "spec", "nodeName")
			const sent = 23
			e.AwaitAllowed(ctx, e.ClientB(), fetch(e, "web-v2", suite.PortHTTP))
			e.Measure(ctx, e.ClientB(), fetch(e, "web-v2", suite.PortHTTP), sent)
			e.AwaitThat(ctx, "the traffic of node "+node, func(ctx context.Context) error {
				m, err := get(ctx, e, "nodes", node)
				if err != nil {
					return err
				}
				Expect(m.Resource.Kind).To(Equal("Node"))
				Expect(m.Resource.Name).To(Equal(node))
				// It has that of pods elsewhere too.
				n, err := m.count(successes)
				if err == nil && n < sent {
					err = fmt.Errorf("%d successes, and %d were sent to one of its pods", n, sent)
				}
				return err
			})
		},
	})
}
