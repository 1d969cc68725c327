package tests

import (
	"context"
	"time"

	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:        "metrics-values",
		Description: "A known number of good and bad answers is what a Deployment has in its counts",
		Features: []features.Name{
			features.MetricsGet, features.MetricsDeployments, features.MetricsResource, features.MetricsCounts,
			features.MetricsTimestampAndWindow, features.MetricsEdgeBlank,
		},
		Manifests:     "metrics-values.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			awaitAvailable(ctx, e, "counted")
			call := fetch(e, "counted", 8080)
			// Two callers: what the Deployment received is that of both.
			a := deliver(ctx, e, e.ClientA(), call, 20, answered)
			b := deliver(ctx, e, e.ClientB(), call, 11, answered)
			good := a.Answered() + b.Answered()
			// A proxy may have refused a call while it did not know the Service, and have counted that.
			refused := a.Count + b.Count - good
			must(only(e, "counted")(e.Measure(ctx, e.ClientA(), with(call, actors.HeaderCode, "500"), 50)))
			m := awaitCounts(ctx, e, "deployments", "counted", successes, good)
			failed, err := m.count(failures)
			must(err)
			e.Figure("calls before the Service was known", refused)
			Expect(failed).To(And(BeNumerically(">=", 50), BeNumerically("<=", 50+refused)))

			Expect(m.Kind).To(Equal("TrafficMetrics"))
			Expect(m.Resource.Kind).To(Equal("Deployment"))
			Expect(m.Resource.Namespace).To(Equal(e.Main))
			Expect(m.Resource.Name).To(Equal("counted"))
			Expect(m.Edge.Direction).To(Equal("from"))
			Expect(m.Edge.Resource).To(Equal(object{}), "a blank edge stands for all callers")
			Expect(m.Timestamp.Time).To(BeTemporally("~", time.Now(), 5*time.Minute))
			Expect(m.Window.Duration).To(BeNumerically(">", 0))
			e.Figure("window", m.Window.Duration.String())
		},
	})
}
