package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/cluster"
)

// scraping is what a stock Prometheus is told: it goes by the prometheus.io annotations of pods. Debian's can't ask
// Kubernetes for them, so they are in a file, by the names that it would have given them.
const scraping = `
global: {scrape_interval: 2s}
scrape_configs:
  - job_name: pods
    file_sd_configs: [{files: [pods.json]}]
    relabel_configs:
      - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: "true"}
      - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scheme], target_label: __scheme__, regex: '(https?)'}
      - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path], target_label: __metrics_path__, regex: '(.+)'}
      - source_labels: [__meta_kubernetes_pod_ip, __meta_kubernetes_pod_annotation_prometheus_io_port]
        target_label: __address__
        regex: '(.+);(\d+)'
        replacement: '$1:$2'
      - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}
`

// prometheus runs Debian's Prometheus beside the cluster, and gives its address.
func (w world) prometheus(ctx context.Context) string {
	GinkgoHelper()
	program, err := exec.LookPath("prometheus")
	if err != nil {
		Skip("there is no prometheus to compare with (Debian's package has it)")
	}
	dir, err := os.MkdirTemp("", "weft-prometheus-")
	Expect(err).NotTo(HaveOccurred())
	config := filepath.Join(dir, "prometheus.yaml")
	Expect(os.WriteFile(config, []byte(scraping), 0o600)).To(Succeed())
	Expect(os.WriteFile(filepath.Join(dir, "pods.json"), w.discovered(ctx), 0o600)).To(Succeed())
	free, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	address := free.Addr().String()
	Expect(free.Close()).To(Succeed())
	process := exec.Command(program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=warn")
	process.Stdout, process.Stderr = GinkgoWriter, GinkgoWriter
	Expect(process.Start()).To(Succeed())
	DeferCleanup(func() {
		Expect(process.Process.Kill()).To(Succeed())
		_ = process.Wait() // it was killed
		Expect(os.RemoveAll(dir)).To(Succeed())
	})
	Eventually(ctx, func() (map[string]float64, error) { return theirs(ctx, "http://"+address, "count(up == 1)") }).
		Should(Equal(map[string]float64{"map[]": 3}), "pods that are scraped")
	return "http://" + address
}

// discovered are the pods as a Prometheus knows them.
func (w world) discovered(ctx context.Context) []byte {
	GinkgoHelper()
	var pods corev1.PodList
	Expect(mesh.Client.List(ctx, &pods, client.InNamespace(w.namespace))).To(Succeed())
	type group struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	var groups []group
	for _, pod := range pods.Items {
		labels := map[string]string{"__meta_kubernetes_pod_ip": pod.Status.PodIP, "__meta_kubernetes_pod_name": pod.Name}
		for name, value := range pod.Annotations {
			labels["__meta_kubernetes_pod_annotation_"+regexp.MustCompile(`[^a-zA-Z0-9_]`).ReplaceAllString(name, "_")] = value
		}
		groups = append(groups, group{[]string{pod.Status.PodIP}, labels})
	}
	text, err := json.Marshal(groups)
	Expect(err).NotTo(HaveOccurred())
	return text
}

// theirs is a Prometheus' answer to a query.
func theirs(ctx context.Context, address, query string) (map[string]float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/api/v1/query?"+url.Values{"query": {query}}.Encode(), http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return vector(text)
}

// ours is that of weft-metrics.
func ours(ctx context.Context, query string) (map[string]float64, error) {
	text, err := mesh.Kube.CoreV1().Services(cluster.System).
		ProxyGet("http", "weft-metrics", "query", "/api/v1/query", map[string]string{"query": query}).DoRaw(ctx)
	if err != nil {
		return nil, err
	}
	return vector(text)
}

// vector is an answer by the labels of its series.
func vector(text []byte) (map[string]float64, error) {
	var answer struct {
		Data struct {
			ResultType string
			Result     []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, err
	}
	if answer.Data.ResultType != "vector" {
		return nil, fmt.Errorf("no vector: %.300s", text)
	}
	values := map[string]float64{}
	for _, r := range answer.Data.Result {
		number, ok := r.Value[1].(string)
		if !ok {
			return nil, fmt.Errorf("no number: %v", r.Value)
		}
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return nil, err
		}
		values[fmt.Sprint(r.Metric)] = value
	}
	return values, nil
}

// asFlagger is what Flagger asks of one of its providers: the share of success, and the 99th percentile.
type asFlagger struct{ requests, success, buckets string }

func flaggers(namespace, deployment string) map[string]asFlagger {
	istio := fmt.Sprintf(`reporter="destination",destination_workload_namespace=%q,destination_workload=~%q`, namespace, deployment)
	osm := fmt.Sprintf(`destination_namespace=%q,destination_kind="Deployment",destination_name=%q`, namespace, deployment)
	linkerd := fmt.Sprintf(`namespace=%q,deployment=~%q,direction="inbound"`, namespace, deployment)
	return map[string]asFlagger{
		"istio":   {"istio_requests_total{" + istio + "}", "istio_requests_total{" + istio + `,response_code!~"5.*"}`, "istio_request_duration_milliseconds_bucket{" + istio + "}"},
		"osm":     {"osm_request_total{" + osm + "}", "osm_request_total{" + osm + `,response_code!~"5.*"}`, "osm_request_duration_ms_bucket{" + osm + "}"},
		"linkerd": {"response_total{" + linkerd + "}", "response_total{" + linkerd + `,classification!="failure"}`, "response_latency_ms_bucket{" + linkerd + "}"},
	}
}

// totals are queries for all that was counted; over a time, those that Flagger makes.
func (f asFlagger) totals() []string {
	return []string{"sum(" + f.requests + ")", "sum(" + f.success + ")", "sum(" + f.buckets + ") by (le)"}
}

func (f asFlagger) over(length time.Duration) []string {
	seconds := fmt.Sprintf("[%ds]", int(length.Seconds()))
	return []string{
		"sum(rate(" + f.success + seconds + "))/sum(rate(" + f.requests + seconds + "))*100",
		"histogram_quantile(0.99,sum(rate(" + f.buckets + seconds + ")) by (le))",
	}
}

var _ = Describe("The query endpoint of weft-metrics", func() {
	It("answers as a Prometheus does that scrapes the pods", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 2), call("client"))
		address := w.prometheus(ctx)
		agree := func(g Gomega, query string, check func(map[string]float64)) {
			mine, err := ours(ctx, query)
			g.Expect(err).NotTo(HaveOccurred(), query)
			other, err := theirs(ctx, address, query)
			g.Expect(err).NotTo(HaveOccurred(), query)
			g.Expect(mine).To(HaveLen(len(other)), query)
			for labels, value := range other {
				g.Expect(mine).To(HaveKeyWithValue(labels, BeNumerically("~", value, 1e-6)), query)
			}
			check(mine)
		}
		// Success is zero before anything was asked, and then all that was counted.
		counted := func(requests, succeeded float64) {
			Eventually(ctx, func(g Gomega) {
				for _, ask := range flaggers(w.namespace, "web-v1") {
					for i, query := range ask.totals() {
						agree(g, query, func(values map[string]float64) {
							switch i {
							case 0:
								g.Expect(values).To(Equal(map[string]float64{"map[]": requests}), query)
							case 1:
								g.Expect(values).To(Equal(map[string]float64{"map[]": succeeded}), query)
							default:
								g.Expect(values["map[le:+Inf]"]).To(BeEquivalentTo(requests), query)
							}
						})
					}
				}
			}).Should(Succeed())
		}
		counted(0, 0)
		send := func(path string, n int) {
			Expect(w.load(ctx, "client", "-c", "4", "-n", strconv.Itoa(n), "-qps", "0", "http://web"+path).Total()).To(BeEquivalentTo(n))
		}
		// What a series begins with, Prometheus has not seen grow.
		send("/?delay=2ms", 40)
		send("/?status=503", 40)
		counted(80, 40)
		begun := time.Now()
		// What follows is to grow from a sample that is in the window that is asked for.
		Eventually(ctx, func(g Gomega) {
			for _, ask := range flaggers(w.namespace, "web-v1") {
				query := fmt.Sprintf("min(timestamp(%s)) > %d", ask.requests, begun.Unix()+1)
				mine, err := ours(ctx, query)
				g.Expect(err).NotTo(HaveOccurred())
				other, err := theirs(ctx, address, query)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect([]int{len(mine), len(other)}).To(Equal([]int{1, 1}))
			}
		}).Should(Succeed())
		send("/?delay=30ms", 300)
		send("/?status=503", 100)
		counted(480, 340)
		Eventually(ctx, func(g Gomega) {
			for _, ask := range flaggers(w.namespace, "web-v1") {
				for i, query := range ask.over(time.Since(begun)) {
					agree(g, query, func(values map[string]float64) {
						g.Expect(values).To(HaveKey("map[]"), query)
						if i == 0 {
							g.Expect(values["map[]"]).To(BeNumerically("~", 75, 1e-6), query)
						}
					})
				}
			}
		}).Should(Succeed())
	}, SpecTimeout(4*time.Minute))

	It("refuses what makes no sense, and names it", func(ctx SpecContext) {
		for query, says := range map[string]string{"sum(": `invalid parameter \"query\"`, "vector(1)": ""} {
			text, err := mesh.Kube.CoreV1().Services(cluster.System).
				ProxyGet("http", "weft-metrics", "query", "/api/v1/query", map[string]string{"query": query}).DoRaw(ctx)
			Expect(err == nil).To(Equal(says == ""), "%s: %v", query, err)
			Expect(string(text)).To(ContainSubstring(says))
		}
	}, SpecTimeout(time.Minute))
})
