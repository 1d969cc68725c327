package e2e

import (
	"context"
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/traffic"
)

// figures are the metrics of one object by name, as kubectl get --raw shows them, of the last five minutes: longer
// than any spec's pods have lived.
func (w world) figures(ctx context.Context, object string) (map[string]float64, error) {
	text, err := mesh.Kube.Discovery().RESTClient().Get().
		AbsPath("/apis/metrics.smi-spec.io/v1alpha1/namespaces", w.namespace, object).Param("t", "5m").DoRaw(ctx)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Metrics []struct {
			Name  string
			Value resource.Quantity
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, m := range answer.Metrics {
		values[m.Name] = m.Value.AsApproximateFloat64()
	}
	return values, nil
}

var _ = Describe("The figures of traffic", func() {
	It("are what was sent and answered, and still are when weft-metrics has restarted", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 1), server("v2", 1), call("client"))
		w.program(ctx, split(3, 1))
		caller := w.caller("client", doorWeb)
		shares := caller.Count(ctx, 200, traffic.Call{}, version)
		Expect(shares).To(And(HaveLen(2), HaveKey("v1"), HaveKey("v2")))
		Eventually(ctx, func(g Gomega) {
			for v, n := range shares {
				values, err := w.figures(ctx, "deployments/web-"+v)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(values["success_count"]).To(BeEquivalentTo(n), v)
			}
		}).Should(Succeed())
		Expect(caller.Count(ctx, 40, traffic.Call{Path: "/?status=503"}, version)).To(Equal(traffic.Counts{"status 503": 40}))
		Expect(w.load(ctx, "client", "-c", "4", "-n", "600", "-qps", "0", "http://web/?delay=30ms").Failed("200")).To(BeZero())
		all := func(g Gomega) {
			sums := map[string]float64{}
			for v := range shares {
				values, err := w.figures(ctx, "deployments/web-"+v)
				g.Expect(err).NotTo(HaveOccurred())
				for name, value := range values {
					sums[name] += value
				}
				// Most took 30 ms, and what the sidecar adds: the bucket from 25 to 50.
				g.Expect(values["p50_response_latency"]).To(And(BeNumerically(">", 0.025), BeNumerically("<=", 0.050)))
			}
			g.Expect(sums).To(And(HaveKeyWithValue("success_count", 800.0), HaveKeyWithValue("failure_count", 40.0)))
		}
		Eventually(ctx, all).Should(Succeed())
		// The sidecars are younger than the window that is asked for, so all that they counted is in it.
		restart(ctx, cluster.System, "weft-metrics")
		Eventually(ctx, all).Should(Succeed())
	}, SpecTimeout(5*time.Minute))
})
