package e2e

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/traffic"
)

// datagrams is a Service of the servers' UDP port, and one of each version's. TCP has the same number.
func datagrams() string {
	return `
apiVersion: v1
kind: Service
metadata: {name: echo}
spec:
  selector: {app: web}
  ports: [{name: udp-echo, port: 7, targetPort: 8078, protocol: UDP}, {name: tcp-echo, port: 7, targetPort: 8078}]
---
apiVersion: v1
kind: Service
metadata: {name: echo-v1}
spec:
  selector: {app: web, version: v1}
  ports: [{name: udp-echo, port: 7, targetPort: 8078, protocol: UDP}, {name: tcp-echo, port: 7, targetPort: 8078}]
---
apiVersion: v1
kind: Service
metadata: {name: echo-v2}
spec:
  selector: {app: web, version: v2}
  ports: [{name: udp-echo, port: 7, targetPort: 8078, protocol: UDP}, {name: tcp-echo, port: 7, targetPort: 8078}]
`
}

const (
	udpRoute = `
apiVersion: specs.smi-spec.io/v1alpha4
kind: UDPRoute
metadata: {name: echo}
spec: {matches: {ports: [8078]}}
`
	udpSplit = `
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: echo}
spec:
  service: echo
  backends: [{service: echo-v1, weight: 80}, {service: echo-v2, weight: 20}]
`
	echoUDP = "udp://echo:7"
)

// sends has a pod send one datagram in each of n sessions, and gives the figures.
func (w world) sends(ctx context.Context, pod string, n int, address string) traffic.Load {
	GinkgoHelper()
	count := strconv.Itoa(n)
	return w.load(ctx, pod, "-c", count, "-n", count, "-qps", "0", "-udp-timeout", "1s", address)
}

// answeredUDP waits until all of a pod's datagrams are answered.
func (w world) answeredUDP(ctx context.Context, pod string) {
	GinkgoHelper()
	Eventually(ctx, func() int64 { return w.sends(ctx, pod, 5, echoUDP).Failed("OK") }).Should(BeZero())
}

// stat is a figure of a sidecar; 0 where it has counted nothing yet.
func (w world) stat(pod, name string) int {
	GinkgoHelper()
	r, err := http.Get("http://" + w.forward(pod, 15000) + "/stats?filter=^" + regexp.QuoteMeta(name) + "$")
	Expect(err).NotTo(HaveOccurred())
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	Expect(err).NotTo(HaveOccurred())
	figure := regexp.MustCompile(`: (\d+)\n`).FindSubmatch(text)
	if figure == nil {
		return 0
	}
	n, err := strconv.Atoi(string(figure[1]))
	Expect(err).NotTo(HaveOccurred())
	return n
}

var _ = Describe("UDP", func() {
	var w world

	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.apply(ctx, web(), datagrams())
		w.deploy(ctx, server("v1", 1), server("v2", 1), call("client"), call("thief"))
	}, NodeTimeout(3*time.Minute))

	// Trap 51, Trap 52.
	It("to a Service is let in by a UDPRoute, for who is named, until it is gone", func(ctx SpecContext) {
		Expect(w.sends(ctx, "client", 3, echoUDP).Codes).NotTo(HaveKey("OK"))
		w.program(ctx, tcpRoute("echo", 8078), target("tcp", "client", "TCPRoute/echo"))
		Expect(w.sends(ctx, "client", 3, echoUDP).Codes).NotTo(HaveKey("OK"), "a TCPRoute opened UDP")

		policy := target("udp", "client", "UDPRoute/echo")
		w.program(ctx, udpRoute, policy)
		w.answeredUDP(ctx, "client")
		Expect(w.message(ctx, policy, "Accepted")).To(HavePrefix("True Accepted"))
		Expect(w.message(ctx, udpRoute, "Programmed")).To(HavePrefix("True Programmed"))
		Expect(w.sends(ctx, "thief", 3, echoUDP).Codes).NotTo(HaveKey("OK"))
		Expect(w.sends(ctx, "client", 3, "udp://"+w.podIP(ctx, map[string]string{"version": "v1"})+":8078").Codes).
			NotTo(HaveKey("OK"), "datagrams reach a pod past its sidecar")

		w.remove(ctx, policy)
		Eventually(ctx, func() map[string]int64 { return w.sends(ctx, "client", 1, echoUDP).Codes }).ShouldNot(HaveKey("OK"))
	}, SpecTimeout(3*time.Minute))

	It("is shared by weight, session by session", func(ctx SpecContext) {
		w.program(ctx, udpRoute, target("udp", "client", "UDPRoute/echo"), udpSplit)
		w.answeredUDP(ctx, "client")
		v1, err := mesh.ReadyPod(ctx, w.namespace, map[string]string{"version": "v1"})
		Expect(err).NotTo(HaveOccurred())
		v2, err := mesh.ReadyPod(ctx, w.namespace, map[string]string{"version": "v2"})
		Expect(err).NotTo(HaveOccurred())
		const sessions = "http.inbound_udp.downstream_rq_total"
		before1, before2 := w.stat(v1, sessions), w.stat(v2, sessions)
		for range 10 { // a burst of all at once loses datagrams on a busy machine
			load := w.sends(ctx, "client", 50, echoUDP)
			Expect(load.Codes).To(HaveKey("OK"), load.String())
		}
		got1, got2 := w.stat(v1, sessions)-before1, w.stat(v2, sessions)-before2
		n := got1 + got2 // a port that a client had before may come again, and with it its session
		Expect(n).To(And(BeNumerically(">", 400), BeNumerically("<=", 500)))
		low, high := traffic.Interval(n, 0.2, 1e-6)
		Expect(got2).To(And(BeNumerically(">=", low), BeNumerically("<=", high)))
		report("of %d UDP sessions %d and %d went to backends of weight 80 and 20 (%d to %d allowed)", n, got1, got2, low, high)
	}, SpecTimeout(3*time.Minute))

	It("of a pod to its nameserver never meets its sidecar", func(ctx SpecContext) {
		w.program(ctx, routes("all"), target("client", "client", "HTTPRouteGroup/all"))
		_, err := mesh.Exec(ctx, w.namespace, "client", "app", "fortio", "curl", "-quiet", "http://web.x/")
		Expect(err).To(HaveOccurred(), "there is no such name")
		Expect(w.caller("client", doorWeb).Count(ctx, 20, traffic.Call{}, status)).To(Equal(traffic.Counts{"200": 20}))
		const sessions = "udp.outbound.downstream_sess_total"
		Expect(w.stat("client", sessions)).To(BeZero())
		w.program(ctx, udpRoute, target("udp", "client", "UDPRoute/echo"))
		w.answeredUDP(ctx, "client")
		Expect(w.stat("client", sessions)).NotTo(BeZero(), "it counts sessions, once there are some")
	}, SpecTimeout(2*time.Minute))
})
