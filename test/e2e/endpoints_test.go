package e2e

import (
	"context"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/traffic"
)

// unselected is a Service with the ports of a fortio server that selects no pods.
func unselected(name string) string {
	return strings.ReplaceAll(service(name, "x: y"), "  selector: {x: y}\n", "")
}

// byHand is an EndpointSlice as an operator writes one: an address without a pod's name.
func byHand(service, address string) string {
	family := "IPv4"
	if strings.Contains(address, ":") {
		family = "IPv6"
	}
	return fmt.Sprintf(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %[1]s-1, labels: {kubernetes.io/service-name: %[1]s}}
addressType: %[3]s
ports: [{name: http, port: 8080, protocol: TCP}, {name: tcp-echo, port: 8078, protocol: TCP}]
endpoints: [{addresses: [%[2]q]}]
`, service, address, family)
}

// mirrored are Endpoints, of which Kubernetes makes a slice.
func mirrored(service, address string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Endpoints
metadata: {name: %s}
subsets: [{addresses: [{ip: %q}], ports: [{name: http, port: 8080}, {name: tcp-echo, port: 8078}]}]
`, service, address)
}

// old is a pod outside of the mesh that speaks HTTP/1.1 alone: an Envoy, whose image each cluster with a mesh has.
func old(ctx context.Context, w world, like string) string {
	GinkgoHelper()
	pod := podNamed(w.namespace, like)
	Expect(mesh.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
	for _, c := range pod.Spec.InitContainers {
		if c.Name == "weft-proxy" {
			return fmt.Sprintf(`
apiVersion: v1
kind: ConfigMap
metadata: {name: old}
data:
  envoy.yaml: |
    static_resources:
      listeners:
        - address: {socket_address: {address: "::", port_value: 8080, ipv4_compat: true}}
          filter_chains:
            - filters:
                - name: envoy.filters.network.http_connection_manager
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                    codec_type: HTTP1
                    stat_prefix: old
                    route_config:
                      virtual_hosts:
                        - name: old
                          domains: ["*"]
                          routes:
                            - match: {prefix: /}
                              direct_response: {status: 200}
                              response_headers_to_add: [{header: {key: x-version, value: old}}]
                    http_filters:
                      - name: envoy.filters.http.router
                        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
---
apiVersion: v1
kind: Pod
metadata: {name: old, labels: {app: old, side: both, weft.mesh/inject: disabled}}
spec:
  serviceAccountName: web
  terminationGracePeriodSeconds: 1
  volumes: [{name: config, configMap: {name: old}}]
  containers:
    - name: app
      image: %q
      command: [%q, -c, /config/envoy.yaml, --disable-hot-restart, --concurrency, "1", --log-level, warning]
      volumeMounts: [{name: config, mountPath: /config}]
      readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
`, c.Image, c.Command[0])
		}
	}
	Fail("pod " + like + " has no sidecar")
	return ""
}

var _ = Describe("Endpoints that no selector made", func() {
	It("are called as the pods of the mesh that have their addresses, by whom a TrafficTarget lets", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 1))
		address := w.podIP(ctx, map[string]string{"version": "v1"})
		w.apply(ctx, unselected("leader"), byHand("leader", address), unselected("primary"), mirrored("primary", address))
		w.deploy(ctx, call("client", "leader:80", "leader:8078", "primary:80", "primary:8078"), call("thief", "leader:80", "leader:8078"))
		w.program(ctx, routes("all"), target("http", "client", "HTTPRouteGroup/all"), tcpRoute("echo", 8078), target("tcp", "client", "TCPRoute/echo"))
		for i := range 2 {
			Expect(w.caller("client", doorExtra+2*i).Count(ctx, 20, traffic.Call{}, version)).To(Equal(traffic.Counts{"v1": 20}))
			w.echoes(ctx, "client", doorExtra+2*i+1)
		}
		Expect(w.caller("thief", doorExtra).Count(ctx, 5, traffic.Call{}, version)).To(Equal(traffic.Counts{"status 403": 5}))
		_, err := echo(w.dial("thief", doorExtra+1), "hello\n")
		Expect(err).To(HaveOccurred())
	}, SpecTimeout(3*time.Minute))

	It("have their share of a split, in HTTP/1.1 where they are outside of the mesh, and so have pods of one Service on either side", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web(), unselected("legacy"), service("both", "side: both"))
		w.deploy(ctx, server("v1", 1), call("client", "both:80"))
		w.deploy(ctx, old(ctx, w, "client"))
		w.apply(ctx, byHand("legacy", w.podIP(ctx, map[string]string{"app": "old"})))
		w.program(ctx, `
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: {name: web}
spec:
  service: web
  backends: [{service: web-v1, weight: 1}, {service: legacy, weight: 1}]
`)
		counts := w.caller("client", doorWeb).Count(ctx, 200, traffic.Call{}, version)
		report("one half to a pod of the mesh, one to HTTP/1.1 outside: %v", counts)
		Expect(counts).To(And(HaveLen(2), HaveKey("v1"), HaveKey("old")))

		v1, err := mesh.ReadyPod(ctx, w.namespace, map[string]string{"version": "v1"})
		Expect(err).NotTo(HaveOccurred())
		pod := podNamed(w.namespace, v1)
		Expect(mesh.Client.Patch(ctx, pod, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"side":"both"}}}`)))).To(Succeed())
		caller := w.caller("client", doorExtra)
		Eventually(ctx, func() traffic.Counts {
			caller.Close() // a connection of before leads out of the mesh, to the one pod that was there
			return caller.Count(ctx, 20, traffic.Call{}, version)
		}).Should(HaveKey("v1"))
		Expect(caller.Count(ctx, 200, traffic.Call{}, version)).To(And(HaveLen(2), HaveKey("v1"), HaveKey("old")))
	}, SpecTimeout(3*time.Minute))
})

// slow is a server that takes as long as it is asked to.
const slowFor = 45 * time.Second

func slow() string {
	return strings.ReplaceAll(server("v1", 1), "args: [server,", fmt.Sprintf("args: [server, -max-echo-delay, %s,", slowFor))
}

var _ = Describe("What does not concern a port", func() {
	// Connections of a filter chain that changes are closed after 30 seconds: what is open for longer shows it.
	It("ends no request and no connection there: other Services are made and deleted", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web())
		w.deploy(ctx, slow(), call("client"))
		conn := w.echoes(ctx, "client", doorEcho)
		caller := w.caller("client", doorWeb)
		answers := make(chan string, 1)
		begun := time.Now()
		go func() {
			answer, err := caller.Do(ctx, traffic.Call{Path: "/?delay=" + slowFor.String()})
			answers <- fmt.Sprint(answer.Status, " ", err)
		}()
		known := w.caller("client", doorWeb)
		other := `
apiVersion: v1
kind: Service
metadata: {name: other}
spec:
  selector: {app: web}
  ports: [{name: %s, port: 80, targetPort: 8080}, {name: %s, port: 81, targetPort: 8078}]
`
		for _, names := range [][2]any{{"http", "tcp"}, {"http-x", "tcp-x"}, {"a", "b"}} {
			w.apply(ctx, fmt.Sprintf(other, names[:]...))
			w.program(ctx, split(1, 0))
			Expect(known.Count(ctx, 10, traffic.Call{}, version)).To(Equal(traffic.Counts{"v1": 10}))
			w.remove(ctx, fmt.Sprintf(other, names[:]...), split(1, 0))
			Expect(known.Count(ctx, 10, traffic.Call{}, version)).To(Equal(traffic.Counts{"v1": 10}))
		}
		Expect(time.Since(begun)).To(BeNumerically("<", slowFor-30*time.Second), "the changes came too late to end anything")
		Eventually(ctx, answers).WithTimeout(2 * slowFor).Should(Receive(Equal("200 <nil>")))
		Expect(echo(conn, "still here\n")).To(Equal("still here\n"))
	}, SpecTimeout(4*time.Minute))

	It("fails no request of 100 a second: it gets another name", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 2), call("client"))
		byName := strings.ReplaceAll(service("web", "app: web"), "{name: http,", "{name: %s,")
		load := w.under(ctx, "client", []string{"-qps", "100", "-c", "4", "-t", "20s", "http://web"}, func() {
			for i := range 10 {
				name := []string{"http-web", "http"}[i%2]
				w.apply(ctx, fmt.Sprintf(byName, name))
				Eventually(ctx, func() (string, error) { return w.portName(ctx, "web", 8080) }).Should(Equal(name))
			}
		})
		flawless("a port that is renamed ten times", load)
	}, SpecTimeout(3*time.Minute))
})

var _ = Describe("A Service that is deleted and made anew", func() {
	It("is found at its new address by a client that keeps its connection", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web(), service("again", "app: web"))
		w.deploy(ctx, server("v1", 1), call("client"))
		// The other client of fortio, which looks names up once, would find nothing.
		args := []string{"-stdclient", "-c", "1", "-qps", "10"}
		load := w.under(ctx, "client", append(args, "-t", "90s", "http://again"), func() {
			w.load(ctx, "client", append(args, "-n", "20", "http://again")...) // the first goes on meanwhile
			w.remove(ctx, service("again", "app: web"))
			w.apply(ctx, service("again", "app: web"))
		})
		report("one connection at a time: %s", load)
		Expect(load.Codes["200"]).To(BeNumerically(">", load.Codes["403"]), "after two seconds it is gone, and in half a minute found again")
	}, SpecTimeout(4*time.Minute))
})

// portName is the name that the slices of a Service have for a port of its pods.
func (w world) portName(ctx context.Context, service string, number int32) (string, error) {
	var list discoveryv1.EndpointSliceList
	if err := mesh.Client.List(ctx, &list, client.InNamespace(w.namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service}); err != nil {
		return "", err
	}
	for _, s := range list.Items {
		for _, p := range s.Ports {
			if p.Name != nil && p.Port != nil && *p.Port == number {
				return *p.Name, nil
			}
		}
	}
	return "", nil
}
