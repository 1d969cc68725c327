package e2e

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/traffic"
)

// scrape reads the page that a pod's prometheus.io annotations name, as who has no part in the mesh.
func (w world) scrape(ctx context.Context, g Gomega, labels map[string]string) map[string]*dto.MetricFamily {
	var pods corev1.PodList
	g.Expect(mesh.Client.List(ctx, &pods, client.InNamespace(w.namespace), client.MatchingLabels(labels))).To(Succeed())
	g.Expect(pods.Items).To(HaveLen(1))
	says := func(name string) string { return pods.Items[0].Annotations["prometheus.io/"+name] }
	g.Expect(says("scrape")).To(Equal("true"))
	text, err := mesh.Kube.CoreV1().Pods(w.namespace).ProxyGet(says("scheme"), pods.Items[0].Name, says("port"), says("path"), nil).DoRaw(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	g.Expect(err).NotTo(HaveOccurred())
	return families
}

// total sums a counter over the series that have the labels.
func total(families map[string]*dto.MetricFamily, name string, labels map[string]string) (sum float64, series int) {
	for _, m := range families[name].GetMetric() {
		matched := 0
		for _, l := range m.Label {
			if value, ok := labels[l.GetName()]; ok && value == l.GetValue() {
				matched++
			}
		}
		if matched == len(labels) {
			sum += m.GetCounter().GetValue()
			series++
		}
	}
	return sum, series
}

var _ = Describe("A pod that Prometheus scrapes", func() {
	It("has its application's metrics and its traffic on one page, success from the first moment", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web())
		annotated := strings.Replace(server("v1", 1), "labels: {app: web, version: v1}}\n    spec", "labels: {app: web, version: v1}, "+
			`annotations: {prometheus.io/scrape: "true", prometheus.io/port: "8080", prometheus.io/path: /debug/metrics}}`+"\n    spec", 1)
		w.deploy(ctx, annotated, call("client"))
		pod := map[string]string{"app": "web"}
		// Successes, by the names and labels of Flagger's queries.
		ask := map[string]map[string]string{
			"istio_requests_total": {"reporter": "destination", "destination_workload_namespace": w.namespace, "destination_workload": "web-v1", "response_code": "200"},
			"osm_request_total":    {"destination_namespace": w.namespace, "destination_kind": "Deployment", "destination_name": "web-v1", "response_code": "200"},
			"response_total":       {"namespace": w.namespace, "deployment": "web-v1", "direction": "inbound", "classification": "success"},
		}
		counts := func(n float64, from string) func(Gomega) {
			return func(g Gomega) {
				families := w.scrape(ctx, g, pod)
				g.Expect(families).To(And(HaveKey("fortio_running"), HaveKey("envoy_server_uptime"), HaveKey("weft_application_up")))
				g.Expect(families["weft_application_up"].Metric[0].GetGauge().GetValue()).To(BeEquivalentTo(1))
				for name, labels := range ask {
					sum, series := total(families, name, labels)
					g.Expect(series).To(BeNumerically(">=", 1), name)
					g.Expect(sum).To(Equal(n), name)
				}
				if from != "" {
					sum, _ := total(families, "istio_requests_total", map[string]string{
						"source_workload": from, "source_workload_namespace": w.namespace, "connection_security_policy": "mutual_tls",
						"source_principal": fmt.Sprintf("spiffe://cluster.local/ns/%s/sa/%s", w.namespace, from),
					})
					g.Expect(sum).To(BeNumerically(">=", n))
				}
			}
		}
		Eventually(ctx, counts(0, "")).Should(Succeed())
		caller := w.caller("client", doorWeb)
		caller.Count(ctx, 60, traffic.Call{}, status)
		caller.Count(ctx, 7, traffic.Call{Path: "/?status=503"}, status)
		Eventually(ctx, counts(60, "client")).Should(Succeed())
		failed := w.scrape(ctx, Default, pod)
		for name, label := range map[string]string{"istio_requests_total": "response_code", "osm_request_total": "response_code", "response_total": "status_code"} {
			sum, _ := total(failed, name, map[string]string{label: "503"})
			Expect(sum).To(BeEquivalentTo(7), name)
		}
	}, SpecTimeout(3*time.Minute))
})
