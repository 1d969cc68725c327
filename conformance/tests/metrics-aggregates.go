package tests

import (
	"context"
	"fmt"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-aggregates",
		Description:   "What holds pods has the sum of what its pods have, each of which has what was sent to it",
		Features:      []features.Name{features.MetricsPods, features.MetricsNamespaces, features.MetricsAggregates},
		Manifests:     "metrics-aggregates.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			sent := deliver(ctx, e, e.ClientA(), fetch(e, "twins", 8080), 30, func(o actors.Outcome) error {
				if len(o.Pods) < 2 {
					return fmt.Errorf("%d pods of 2 have answered", len(o.Pods))
				}
				return nil
			})
			awaitCounts(ctx, e, "deployments", "twins", successes, sent.Answered())
			for pod, n := range sent.Pods {
				m := awaitCounts(ctx, e, "pods", pod, successes, n)
				Expect(m.Resource.Kind).To(Equal("Pod"))
			}
			e.AwaitThat(ctx, "the sum of all pods of the namespace", func(ctx context.Context) error {
				pods, err := list(ctx, e, "pods")
				if err != nil {
					return err
				}
				sum := 0
				for _, pod := range pods.Items {
					n, err := pod.count(successes)
					if err != nil {
						return err
					}
					sum += n
				}
				if sum < sent.Answered() {
					return fmt.Errorf("all pods together have %d successes, and %d were sent", sum, sent.Answered())
				}
				namespace, err := get(ctx, e, "namespaces", e.Main)
				if err != nil {
					return err
				}
				Expect(namespace.Resource.Kind).To(Equal("Namespace"))
				return has(namespace, successes, sum)
			})
		},
	})
}
