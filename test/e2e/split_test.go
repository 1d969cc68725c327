package e2e

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/traffic"
)

// version is the server that gave an answer, or the status of an answer that is no success.
func version(a traffic.Answer) string {
	if a.Status != 200 {
		return "status " + status(a)
	}
	return a.Header.Get("X-Version")
}

var _ = Describe("TrafficSplit", func() {
	var w world

	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 1), server("v2", 1), call("client"))
	}, NodeTimeout(3*time.Minute))

	It("splits 2,000 requests 3 to 1", func(ctx SpecContext) {
		w.program(ctx, split(3, 1))
		counts := w.caller("client", doorWeb).Count(ctx, 2000, traffic.Call{}, version)
		low, high := traffic.Interval(2000, 0.75, 0.001)
		report("3:1 of 2,000 requests: %v; fair is %d to %d for v1", counts, low, high)
		Expect(counts).To(And(HaveLen(2), HaveKey("v1"), HaveKey("v2")))
		Expect(counts["v1"]).To(And(BeNumerically(">=", low), BeNumerically("<=", high)))
	}, SpecTimeout(3*time.Minute))

	// Trap 2.
	It("gives all to a backend when the other has weight 0", func(ctx SpecContext) {
		w.program(ctx, split(0, 1))
		Expect(w.caller("client", doorWeb).Count(ctx, 200, traffic.Call{}, version)).To(Equal(traffic.Counts{"v2": 200}))
	}, SpecTimeout(2*time.Minute))

	// Trap 14, Trap 34.
	It("sends what matches a header to the split, and the rest to the root's own endpoints", func(ctx SpecContext) {
		w.program(ctx, routes("testers", `headers: {x-tester: "yes|true"}`), `
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: testers}
spec:
  service: web
  matches: [{kind: HTTPRouteGroup, name: testers}]
  backends: [{service: web-v2, weight: 1}]
`)
		caller := w.caller("client", doorWeb)
		tester := traffic.Call{Headers: map[string]string{"x-tester": "true"}}
		Expect(caller.Count(ctx, 100, tester, version)).To(Equal(traffic.Counts{"v2": 100}))
		nearly := traffic.Call{Headers: map[string]string{"x-tester": "truest"}}
		Expect(caller.Count(ctx, 100, nearly, version)).To(And(HaveKey("v1"), HaveKey("v2"), HaveLen(2)))
	}, SpecTimeout(2*time.Minute))

	It("splits TCP connections", func(ctx SpecContext) {
		w.program(ctx, split(0, 1))
		v2, err := mesh.ReadyPod(ctx, w.namespace, map[string]string{"version": "v2"})
		Expect(err).NotTo(HaveOccurred())
		load := w.load(ctx, "client", "-c", "4", "-n", "40", "-qps", "0", "tcp://web:8078")
		Expect(load.Codes).To(Equal(map[string]int64{"OK": 40}))
		Expect(mesh.Client.Delete(ctx, podNamed(w.namespace, v2))).To(Succeed())
		w.remove(ctx, server("v2", 1))
		// With the only backend that has weight gone, version 1 must not step in.
		Eventually(ctx, func() int64 {
			return w.load(ctx, "client", "-c", "1", "-n", "1", "tcp://web:8078").Failed("OK")
		}).Should(BeEquivalentTo(1))
	}, SpecTimeout(3*time.Minute))

	// Trap 1.
	It("answers 503 while all weights are zero, says so, and leaves other Services alone", func(ctx SpecContext) {
		w.apply(ctx, split(0, 0))
		caller := w.caller("client", doorWeb)
		Eventually(ctx, func() traffic.Counts { return caller.Count(ctx, 1, traffic.Call{}, version) }).
			Should(Equal(traffic.Counts{"status 503": 1}))
		Expect(w.load(ctx, "client", "-c", "1", "-n", "20", "-qps", "0", "http://web-v1").Failed("200")).To(BeZero())
		Eventually(ctx, w.message).WithArguments(ctx, split(0, 0), "Accepted").Should(ContainSubstring("weight"))
	}, SpecTimeout(2*time.Minute))

	It("is undone when it is deleted", func(ctx SpecContext) {
		w.program(ctx, split(0, 1))
		caller := w.caller("client", doorWeb)
		Expect(caller.Count(ctx, 20, traffic.Call{}, version)).To(Equal(traffic.Counts{"v2": 20}))
		w.remove(ctx, split(0, 1))
		Eventually(ctx, func() traffic.Counts { return caller.Count(ctx, 10, traffic.Call{}, version) }).Should(HaveKey("v1"))
	}, SpecTimeout(2*time.Minute))

	// Trap 10.
	It("finds a port by its name, where pods have it under different numbers", func(ctx SpecContext) {
		w.apply(ctx, `
apiVersion: v1
kind: Service
metadata: {name: named}
spec:
  selector: {kind: named}
  ports: [{name: http, port: 80, targetPort: web}]
`)
		w.deploy(ctx, named("one", 8080), named("two", 8090), call("visitor", "named:80"))
		counts := w.caller("visitor", doorExtra).Count(ctx, 100, traffic.Call{}, version)
		Expect(counts).To(And(HaveLen(2), HaveKey("one"), HaveKey("two")))
	}, SpecTimeout(2*time.Minute))

	// Trap 39.
	It("works for gRPC", func(ctx SpecContext) {
		w.program(ctx, split(1, 1))
		load := w.load(ctx, "client", "-grpc", "-c", "2", "-n", "100", "-qps", "0", "web:8079")
		Expect(load.Codes).To(Equal(map[string]int64{"SERVING": 100}))
	}, SpecTimeout(2*time.Minute))
})
