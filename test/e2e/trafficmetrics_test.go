package e2e

import (
	"context"
	"encoding/json"
	"os/exec"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/test/traffic"
)

// listed are the items at a path below the namespace, of the last five minutes.
func (w world) listed(ctx context.Context, g Gomega, path string) []trafficmetrics.TrafficMetrics {
	text, err := mesh.Kube.Discovery().RESTClient().Get().
		AbsPath("/apis/metrics.smi-spec.io/v1alpha2/namespaces", w.namespace, path).Param("t", "5m").DoRaw(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	var list trafficmetrics.TrafficMetricsList
	g.Expect(json.Unmarshal(text, &list)).To(Succeed(), string(text))
	return list.Items
}

// count is a metric of an item.
func count(item trafficmetrics.TrafficMetrics, name string) int64 {
	for _, m := range item.Metrics {
		if m.Name == name {
			return m.Value.Value()
		}
	}
	return -1
}

var _ = Describe("TrafficMetrics", func() {
	It("tell what callers saw of each backend of a split, and who calls whom with mutual TLS", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 1), server("v2", 1), call("client"))
		w.program(ctx, split(3, 1))
		sent := w.caller("client", doorWeb).Count(ctx, 200, traffic.Call{}, version)
		Expect(sent).To(And(HaveLen(2), HaveKey("v1"), HaveKey("v2")))

		Eventually(ctx, func(g Gomega) {
			backends := w.listed(ctx, g, "trafficsplits")
			g.Expect(backends).To(HaveLen(2))
			for i, v := range []string{"v1", "v2"} {
				g.Expect(backends[i].Backend.Name).To(Equal("web-" + v))
				g.Expect(count(backends[i], trafficmetrics.SuccessCount)).To(BeEquivalentTo(sent[v]))
				g.Expect(backends[i].Backend.Seen.MilliValue()).To(BeNumerically("~", sent[v]*1000/200, 1))
			}
			g.Expect(backends[0].Backend.Asked.MilliValue()).To(BeEquivalentTo(750))

			callers := w.listed(ctx, g, "deployments/web-v1/edges")
			g.Expect(callers).To(HaveLen(1))
			g.Expect(callers[0].Edge).To(And(
				HaveField("Direction", trafficmetrics.From), HaveField("Side", trafficmetrics.Server),
				HaveField("Resource.Name", "client"), HaveField("MTLS", HaveValue(BeTrue())),
			))
			g.Expect(count(callers[0], trafficmetrics.SuccessCount)).To(BeEquivalentTo(sent["v1"]))

			callees := w.listed(ctx, g, "pods/client/edges")
			g.Expect(callees).To(HaveLen(2))
			g.Expect(callees[1].Edge).To(And(
				HaveField("Direction", trafficmetrics.To), HaveField("Side", trafficmetrics.Client),
				HaveField("Resource.Name", "web-v2"), HaveField("MTLS", HaveValue(BeTrue())),
			))
		}).Should(Succeed())

		out, err := exec.CommandContext(ctx, "kubectl", "get", "trafficmetrics", "-n", w.namespace).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(out))
		Expect(string(out)).To(And(MatchRegexp(`deployment.web-v1 +100.00% `), MatchRegexp(`trafficsplit.web.web-v1 .* of 75.0%`)))
	}, SpecTimeout(3*time.Minute))
})
