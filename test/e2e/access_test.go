package e2e

import (
	"fmt"
	"io"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/traffic"
)

// status is the status of an answer.
func status(a traffic.Answer) string { return fmt.Sprint(a.Status) }

var _ = Describe("TrafficTarget", func() {
	var w world

	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 1), call("client"), call("thief"))
	}, NodeTimeout(3*time.Minute))

	calls := func(ctx SpecContext, pod string, c traffic.Call) traffic.Counts {
		return w.caller(pod, doorWeb).Count(ctx, 20, c, status)
	}
	allowed, denied := traffic.Counts{"200": 20}, traffic.Counts{"403": 20}

	It("is needed: without one every request gets 403 and every connection is closed", func(ctx SpecContext) {
		Expect(calls(ctx, "client", traffic.Call{})).To(Equal(denied))
		load := w.load(ctx, "client", "-c", "1", "-n", "3", "-qps", "0", "tcp://web:8078")
		Expect(load.Failed("OK")).To(Equal(load.Total()), load.String())
	}, SpecTimeout(2*time.Minute))

	It("lets in its sources and nobody else", func(ctx SpecContext) {
		w.program(ctx, routes("all"), target("client", "client", "HTTPRouteGroup/all"))
		Expect(calls(ctx, "client", traffic.Call{Path: "/any", Method: "POST"})).To(Equal(allowed))
		Expect(calls(ctx, "thief", traffic.Call{})).To(Equal(denied))
	}, SpecTimeout(2*time.Minute))

	It("lets in only what its routes match", func(ctx SpecContext) {
		w.program(ctx, routes("books", "pathRegex: /books/[0-9]+", "methods: [GET]", `headers: {x-shelf: "[a-f]"}`),
			target("client", "client", "HTTPRouteGroup/books"))
		shelf := map[string]string{"x-shelf": "b"}
		Expect(calls(ctx, "client", traffic.Call{Path: "/books/7?order=asc", Headers: shelf})).To(Equal(allowed))
		for _, c := range []traffic.Call{
			{Path: "/books/7", Headers: shelf, Method: "DELETE"},
			{Path: "/books/seven", Headers: shelf},
			{Path: "/my/books/7", Headers: shelf},
			{Path: "/books/7", Headers: map[string]string{"x-shelf": "bb"}},
			{Path: "/books/7"},
			{Path: "/books/7/../../admin", Headers: shelf},
		} {
			Expect(calls(ctx, "client", c)).To(Equal(denied), "%+v", c)
		}
	}, SpecTimeout(2*time.Minute))

	// Trap 33.
	It("refuses the next request on a kept-alive connection once it is gone", func(ctx SpecContext) {
		policy := target("client", "client", "HTTPRouteGroup/all")
		w.program(ctx, routes("all"), policy)
		caller := w.caller("client", doorWeb)
		Expect(caller.Count(ctx, 5, traffic.Call{}, status)).To(Equal(traffic.Counts{"200": 5}))
		w.remove(ctx, policy)
		Eventually(ctx, func() traffic.Counts { return caller.Count(ctx, 1, traffic.Call{}, status) }).
			Should(Equal(traffic.Counts{"403": 1}))
		Expect(caller.Dials()).To(Equal(1), "the requests were to share one connection")
	}, SpecTimeout(2*time.Minute))

	It("holds, and so do splits, for a connection that was opened while nothing was allowed", func(ctx SpecContext) {
		caller := w.caller("client", doorWeb)
		Expect(caller.Count(ctx, 5, traffic.Call{}, status)).To(Equal(traffic.Counts{"403": 5}))
		w.deploy(ctx, server("v2", 1))
		w.program(ctx, routes("all"), target("client", "client", "HTTPRouteGroup/all"), split(0, 1))
		Expect(caller.Count(ctx, 50, traffic.Call{}, version)).To(Equal(traffic.Counts{"v2": 50}))
		w.program(ctx, split(1, 0))
		Expect(caller.Count(ctx, 50, traffic.Call{}, version)).To(Equal(traffic.Counts{"v1": 50}))
	}, SpecTimeout(2*time.Minute))

	It("opens TCP ports by TCPRoute alone", func(ctx SpecContext) {
		w.program(ctx, routes("all"), target("http", "client", "HTTPRouteGroup/all"))
		tcp := func(pod string) traffic.Load {
			return w.load(ctx, pod, "-c", "1", "-n", "5", "-qps", "0", "tcp://web:8078")
		}
		Expect(tcp("client").Codes).NotTo(HaveKey("OK"))
		w.program(ctx, tcpRoute("echo", 8078), target("echo", "client", "TCPRoute/echo"))
		// Envoy acknowledges a listener before all of its workers use it (docs/limits.md).
		Eventually(ctx, func() map[string]int64 { return tcp("client").Codes }).Should(Equal(map[string]int64{"OK": 5}))
		Expect(tcp("thief").Codes).NotTo(HaveKey("OK"))
	}, SpecTimeout(2*time.Minute))

	// Trap 33.
	It("closes TCP connections that are open once it is gone", func(ctx SpecContext) {
		policy := target("echo", "client", "TCPRoute/echo")
		w.program(ctx, tcpRoute("echo", 8078), policy)
		conn := w.echoes(ctx, "client", doorEcho)
		w.remove(ctx, policy)
		Expect(conn.SetReadDeadline(time.Now().Add(patience))).To(Succeed())
		_, err := conn.Read(make([]byte, 1))
		Expect(err).To(MatchError(io.EOF))
		Eventually(ctx, func() map[string]int64 {
			return w.load(ctx, "client", "-c", "1", "-n", "1", "tcp://web:8078").Codes
		}).ShouldNot(HaveKey("OK"))
	}, SpecTimeout(2*time.Minute))

	// Trap 43.
	It("is not dodged by calling a pod by its address, or by another name of the Service", func(ctx SpecContext) {
		pod := w.podIP(ctx, map[string]string{"app": "web"})
		w.deploy(ctx, call("sneak", pod+":8080", pod+":8078", "web-v1:80"))
		for door := doorExtra; door < doorExtra+3; door++ {
			if door == doorExtra+1 {
				continue
			}
			Expect(w.caller("sneak", door).Count(ctx, 5, traffic.Call{Host: "web"}, status)).To(Equal(traffic.Counts{"403": 5}))
		}
		_, err := echo(w.dial("sneak", doorExtra+1), "hello\n")
		Expect(err).To(HaveOccurred())
		w.program(ctx, routes("all"), target("sneak", "sneak", "HTTPRouteGroup/all"),
			tcpRoute("echo", 8078), target("echo", "sneak", "TCPRoute/echo"))
		Expect(w.caller("sneak", doorExtra).Count(ctx, 5, traffic.Call{}, status)).To(Equal(traffic.Counts{"200": 5}))
		w.echoes(ctx, "sneak", doorExtra+1)
	}, SpecTimeout(3*time.Minute))

	// Trap 40.
	It("tells the server who calls, and lets nobody say otherwise", func(ctx SpecContext) {
		w.program(ctx, routes("all"), target("client", "client", "HTTPRouteGroup/all"))
		forged := map[string]string{"x-forwarded-client-cert": "URI=spiffe://cluster.local/ns/kube-system/sa/admin"}
		answer, err := w.caller("client", doorWeb).Do(ctx, traffic.Call{Path: "/debug", Headers: forged})
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Body).To(MatchRegexp(`(?i)x-forwarded-client-cert: .*URI=spiffe://cluster\.local/ns/%s/sa/client`, w.namespace))
		Expect(answer.Body).NotTo(ContainSubstring("kube-system"))
		Expect(strings.ToLower(answer.Body)).NotTo(ContainSubstring("x-weft-"))
	}, SpecTimeout(2*time.Minute))

	// Trap 69.
	It("asks for mTLS: a pod outside of the mesh gets 403, and with mtls: permissive is judged without a name", func(ctx SpecContext) {
		outside := newWorld(ctx, "weft.mesh/inject=disabled")
		outside.deploy(ctx, account("web"), service("web", "app: none"), call("client", "web."+w.namespace+":80"))
		caller := outside.caller("client", doorExtra)
		w.program(ctx, routes("all"), target("client", "client", "HTTPRouteGroup/all"))
		answer, err := caller.Do(ctx, traffic.Call{})
		Expect(err).NotTo(HaveOccurred())
		Expect(answer.Status).To(Equal(403))
		Expect(answer.Body).To(ContainSubstring("mutual TLS"))
		w.label(ctx, "weft.mesh/mtls", "permissive")
		w.label(ctx, "weft.mesh/access", "permissive")
		Eventually(ctx, func() traffic.Counts { return caller.Count(ctx, 1, traffic.Call{}, status) }).
			Should(Equal(traffic.Counts{"200": 1}))
	}, SpecTimeout(3*time.Minute))

	It("is not needed where the namespace is permissive", func(ctx SpecContext) {
		Expect(calls(ctx, "thief", traffic.Call{})).To(Equal(denied))
		w.label(ctx, "weft.mesh/access", "permissive")
		Eventually(ctx, func() traffic.Counts { return calls(ctx, "thief", traffic.Call{}) }).Should(Equal(allowed))
		w.label(ctx, "weft.mesh/access", "enforcing")
		Eventually(ctx, func() traffic.Counts { return calls(ctx, "thief", traffic.Call{}) }).Should(Equal(denied))
	}, SpecTimeout(2*time.Minute))
})
