package e2e

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/traffic"
)

// actor is the image of the conformance suite's servers: at its HTTP port it takes HTTP/1.1 alone, as most applications
// do. fortio takes HTTP/2 with prior knowledge there too.
const actor = "docker.io/weftmesh/smi-conformance:dev"

// plain is a Deployment of servers of HTTP/1.1, under the account web, which names its version in its answers.
func plain(version string, replicas int, labels string) string {
	return fmt.Sprintf(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: plain-%[1]s}
spec:
  replicas: %[2]d
  strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 1}}
  selector: {matchLabels: {app: plain, version: %[1]s}}
  template:
    metadata: {labels: {app: plain, version: %[1]s%[3]s}}
    spec:
      serviceAccountName: web
      terminationGracePeriodSeconds: 10
      containers:
        - name: app
          image: %[4]s
          args: [serve]
          env: [{name: SMI_WORKLOAD, value: plain}, {name: SMI_VERSION, value: %[1]s}]
          readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
          lifecycle: {preStop: {sleep: {seconds: 5}}} # without a mesh too, requests come in after a pod began to stop
`, version, replicas, labels, actor)
}

// plainService has the HTTP ports of the servers: of HTTP/1.1 and of HTTP/2.
func plainService(selector string) string {
	return account("web") + fmt.Sprintf(`---
apiVersion: v1
kind: Service
metadata: {name: plain}
spec:
  selector: {%s}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: http2, port: 8082}]
`, selector)
}

// answeredBy names who answered a request: version, or the status of whoever else did.
func answeredBy(a traffic.Answer) string {
	if v := a.Header.Get("Smi-Conformance-Version"); v != "" && a.Status == 200 {
		return v
	}
	return fmt.Sprintf("status %d %s", a.Status, strings.TrimSpace(a.Body))
}

var _ = Describe("A Service of servers that take HTTP/1.1 alone", func() {
	It("is called in it, where some of its pods are in the mesh and some are not", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, plainService("app: plain"))
		w.deploy(ctx, plain("in", 1, ""), plain("out", 1, `, weft.mesh/inject: "disabled"`), call("client", "plain:80"))
		caller := w.caller("client", doorExtra)
		Eventually(ctx, func() traffic.Counts { return caller.Count(ctx, 40, traffic.Call{}, answeredBy) }).Should(And(HaveKey("in"), HaveKey("out")))
		counts := caller.Count(ctx, 200, traffic.Call{}, answeredBy)
		report("answers by who gave them: %v", counts)
		Expect(counts).To(And(HaveLen(2), HaveKey("in"), HaveKey("out")))
		// An application asks as often as it wants: what it sends is no reason to speak another version to the server.
		for _, call := range []traffic.Call{{Method: "POST"}, {Method: "HEAD"}, {Headers: map[string]string{"x-a": "b"}}} {
			Expect(caller.Count(ctx, 20, call, answeredBy)).To(And(HaveLen(2), HaveKey("in"), HaveKey("out")), "%+v", call)
		}
	}, SpecTimeout(3*time.Minute))

	It("loses no request while its namespace is brought into the mesh, and while it is taken out again", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/mtls=permissive", "weft.mesh/access=permissive")
		w.apply(ctx, plainService("app: plain"))
		w.deploy(ctx, call("client", "plain:80"))
		kubectl(ctx, "label", "--overwrite", "namespace", w.namespace, "weft.mesh/inject=disabled")
		w.deploy(ctx, plain("v1", 2, ""))
		Expect(w.load(ctx, "client", "-c", "1", "-n", "10", "-qps", "0", "http://plain/").Codes).To(Equal(map[string]int64{"200": 10}))
		restarted := func() {
			kubectl(ctx, "-n", w.namespace, "rollout", "restart", "deployment", "plain-v1")
			kubectl(ctx, "-n", w.namespace, "rollout", "status", "deployment", "plain-v1", "--timeout=60s")
		}
		load := w.under(ctx, "client", []string{"-c", "8", "-qps", "500", "-t", "25s", "http://plain/"}, func() {
			kubectl(ctx, "label", "--overwrite", "namespace", w.namespace, "weft.mesh/inject=enabled")
			restarted()
		})
		flawless("brought into the mesh", load)
		load = w.under(ctx, "client", []string{"-c", "8", "-qps", "500", "-t", "75s", "http://plain/"}, func() {
			Eventually(ctx, func(g Gomega) int { return w.routed(ctx, g, "client") }).Should(BeNumerically(">", 0))
			kubectl(ctx, "label", "--overwrite", "namespace", w.namespace, "weft.mesh/inject=disabled")
			// "Wait a minute", docs/install.md: until connections of before are gone.
			Eventually(ctx, func(g Gomega) int { return w.routed(ctx, g, "client") }).WithTimeout(2 * patience).Should(BeZero())
			restarted()
		})
		flawless("taken out of it", load)
	}, SpecTimeout(5*time.Minute))
})

// routed is the number of connections on which a pod sends requests that its sidecar routes.
func (w world) routed(ctx context.Context, g Gomega, pod string) int {
	page, err := mesh.Kube.CoreV1().Pods(w.namespace).ProxyGet("http", pod, "15020", "/stats/prometheus", nil).DoRaw(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	const family = `envoy_http_downstream_cx_active{envoy_http_conn_manager_prefix="outbound"} `
	_, rest, found := strings.Cut(string(page), family)
	g.Expect(found).To(BeTrue(), "no %s", family)
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(line)
	g.Expect(err).NotTo(HaveOccurred())
	return n
}
