package e2e

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/traffic"
)

// certificates is the serial number of the certificate that a pod's sidecar shows others, as Envoy's admin
// interface tells it.
func certificates(ctx context.Context, w world, pod string) string {
	GinkgoHelper()
	address, stop, err := mesh.Forward(w.namespace, pod, 15000)
	Expect(err).NotTo(HaveOccurred())
	defer stop()
	admin := traffic.NewCaller(address)
	defer admin.Close()
	answer, err := admin.Do(ctx, traffic.Call{Path: "/certs"})
	Expect(err).NotTo(HaveOccurred())
	var listed struct {
		Certificates []struct {
			CertChain []struct {
				SerialNumber string `json:"serial_number"`
			} `json:"cert_chain"`
		}
	}
	Expect(yaml.Unmarshal([]byte(answer.Body), &listed)).To(Succeed())
	for _, c := range listed.Certificates {
		if len(c.CertChain) > 0 {
			return c.CertChain[0].SerialNumber
		}
	}
	Fail("the sidecar of " + pod + " has no certificate: " + answer.Body)
	return ""
}

var _ = Describe("A pod of the mesh", func() {
	// Trap 53.
	It("that is a Job completes", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/access=permissive")
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 1))
		w.apply(ctx, fmt.Sprintf(`
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: app, image: %q, args: [curl, "http://web/"]}
`, fortio))
		Eventually(ctx, func(g Gomega) {
			var job batchv1.Job
			g.Expect(mesh.Client.Get(ctx, types.NamespacedName{Namespace: w.namespace, Name: "once"}, &job)).To(Succeed())
			g.Expect(job.Status.Failed).To(BeZero())
			g.Expect(job.Status.Succeeded).To(BeEquivalentTo(1))
		}).WithTimeout(2 * patience).Should(Succeed())
	}, SpecTimeout(4*time.Minute))

	// Trap 56.
	It("starts when its init container needs the network", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, web(), account("starter"))
		w.deploy(ctx, server("v1", 1))
		// Only the identity of the pod gets through, so the call went through the sidecar.
		w.program(ctx, routes("all"), target("starter", "starter", "HTTPRouteGroup/all"))
		w.deploy(ctx, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: starter}
spec:
  serviceAccountName: starter
  terminationGracePeriodSeconds: 5
  initContainers:
    - {name: first, image: %[1]q, args: [curl, "http://web/"]}
  containers:
    - {name: app, image: %[1]q, args: [server]}
`, fortio))
		pod := podNamed(w.namespace, "starter")
		Expect(mesh.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		Expect(pod.Status.InitContainerStatuses).To(ContainElement(And(
			HaveField("Name", "first"), HaveField("RestartCount", BeZero()))), "it was to succeed at its first try")
	}, SpecTimeout(4*time.Minute))

	// Trap 55.
	It("keeps its probes of all kinds, and they open nothing", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, web())
		w.deploy(ctx, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: probed, labels: {app: web}}
spec:
  serviceAccountName: web
  terminationGracePeriodSeconds: 5
  containers:
    - name: app
      image: %[1]q
      args: [server, -http-port, "8080"]
      ports: [{name: web, containerPort: 8080}]
      startupProbe: {tcpSocket: {port: 8078}, periodSeconds: 1, failureThreshold: 30}
      readinessProbe: {httpGet: {path: /debug, port: web}, periodSeconds: 1}
      livenessProbe: {grpc: {port: 8079, service: ping}, periodSeconds: 1}
    - name: other
      image: %[1]q
      args: [tcp-echo, -tcp-port, "7078"]
      readinessProbe: {exec: {command: [fortio, load, -quiet, -c, "1", -n, "1", "tcp://127.0.0.1:7078"]}, periodSeconds: 1, timeoutSeconds: 5}
      livenessProbe: {tcpSocket: {port: 7078}, periodSeconds: 1}
`, fortio))
		w.deploy(ctx, call("client", w.podIP(ctx, map[string]string{"app": "web"})+":7078"))
		Expect(w.caller("client", doorWeb).Count(ctx, 5, traffic.Call{Path: "/debug"}, status)).To(Equal(traffic.Counts{"403": 5}))
		_, err := echo(w.dial("client", doorExtra), "hello\n")
		Expect(err).To(HaveOccurred())
		pod := podNamed(w.namespace, "probed")
		Expect(mesh.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		Expect(pod.Status.ContainerStatuses).To(HaveEach(HaveField("RestartCount", BeZero())))
	}, SpecTimeout(4*time.Minute))

	It("is unready when its own probe says so", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, web(), fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: sick, labels: {app: web}}
spec:
  serviceAccountName: web
  terminationGracePeriodSeconds: 5
  containers:
    - name: app
      image: %q
      args: [server]
      readinessProbe: {httpGet: {path: "/?status=500", port: 8080}, periodSeconds: 1}
`, fortio))
		Eventually(ctx, func(g Gomega) {
			var events corev1.EventList
			g.Expect(mesh.Client.List(ctx, &events, client.InNamespace(w.namespace))).To(Succeed())
			g.Expect(events.Items).To(ContainElement(And(HaveField("Reason", "Unhealthy"),
				HaveField("Message", ContainSubstring("Readiness probe failed: HTTP probe failed with statuscode: 500")))))
		}).Should(Succeed())
	}, SpecTimeout(2*time.Minute))

	// Trap 54.
	It("is left alone where it uses the node's network, and an Event says so", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: onhost}
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 1
  containers: [{name: app, image: %q, args: [tcp-echo, -tcp-port, "17078"]}]
`, fortio))
		pod := podNamed(w.namespace, "onhost")
		Expect(mesh.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		Expect(pod.Spec.InitContainers).To(BeEmpty())
		Eventually(ctx, func(g Gomega) {
			var events corev1.EventList
			g.Expect(mesh.Client.List(ctx, &events, client.InNamespace(w.namespace))).To(Succeed())
			g.Expect(events.Items).To(ContainElement(HaveField("Message", ContainSubstring("hostNetwork"))))
		}).Should(Succeed())
	}, SpecTimeout(2*time.Minute))

	It("is left alone where its own label says so, and so are weft's and Kubernetes' own", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.deploy(ctx, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: alone, labels: {weft.mesh/inject: disabled}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: app, image: %q, args: [server]}]
`, fortio))
		for _, namespace := range []string{w.namespace, cluster.System, "kube-system"} {
			var pods corev1.PodList
			Expect(mesh.Client.List(ctx, &pods, client.InNamespace(namespace))).To(Succeed())
			Expect(pods.Items).NotTo(BeEmpty())
			Expect(pods.Items).To(HaveEach(HaveField("Spec.InitContainers", Not(ContainElement(HaveField("Name", "weft-proxy"))))))
		}
	}, SpecTimeout(2*time.Minute))

	// Trap 44, Trap 47.
	It("keeps its mTLS and its policy behind a headless Service, and calls itself through its Service", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, web(), `
apiVersion: v1
kind: Service
metadata: {name: headless}
spec:
  clusterIP: None
  selector: {app: web}
  ports: [{name: http, port: 8080}, {name: tcp-echo, port: 8078}]
`)
		w.deploy(ctx, server("v1", 1))
		w.deploy(ctx, call("client", "headless:8080", "headless:8078"), call("thief", "headless:8080"))
		w.program(ctx, routes("all"), target("http", "client", "HTTPRouteGroup/all"),
			tcpRoute("echo", 8078), target("tcp", "client", "TCPRoute/echo"), target("self", "web", "HTTPRouteGroup/all"))
		Expect(w.caller("client", doorExtra).Count(ctx, 20, traffic.Call{}, version)).To(Equal(traffic.Counts{"v1": 20}))
		w.echoes(ctx, "client", doorExtra+1)
		Expect(w.caller("thief", doorExtra).Count(ctx, 20, traffic.Call{}, version)).To(Equal(traffic.Counts{"status 403": 20}))
		pod, err := mesh.ReadyPod(ctx, w.namespace, map[string]string{"app": "web"})
		Expect(err).NotTo(HaveOccurred())
		Expect(w.load(ctx, pod, "-c", "1", "-n", "10", "-qps", "0", "http://web").Codes).To(Equal(map[string]int64{"200": 10}))
	}, SpecTimeout(3*time.Minute))

	// Trap 60.
	It("that is copied has one sidecar, and one that is debugged keeps its own", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, web())
		w.deploy(ctx, server("v1", 1), call("client"))
		w.program(ctx, routes("all"), target("client", "client", "HTTPRouteGroup/all"))
		pod := podNamed(w.namespace, "client")
		Expect(mesh.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		// What kubectl debug --copy-to makes: the annotations and the spec as they are, under another name.
		copied := podNamed(w.namespace, "copy")
		copied.Annotations, copied.Spec = pod.Annotations, *pod.Spec.DeepCopy()
		copied.Spec.NodeName = ""
		Expect(mesh.Client.Create(ctx, copied)).To(Succeed())
		w.settled(ctx)
		Expect(w.caller("copy", doorWeb).Count(ctx, 5, traffic.Call{}, version)).To(Equal(traffic.Counts{"v1": 5}))
		Expect(copied.Spec.InitContainers).To(HaveLen(2))

		pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: "debugger", Image: fortio, Args: []string{"curl", "http://web/"},
		}}}
		Expect(mesh.Client.SubResource("ephemeralcontainers").Update(ctx, pod)).To(Succeed())
		Eventually(ctx, func(g Gomega) {
			g.Expect(mesh.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
			g.Expect(pod.Status.EphemeralContainerStatuses).To(ContainElement(HaveField("State.Terminated", And(
				Not(BeNil()), HaveField("ExitCode", BeZero())))), "its call was to go through the sidecar")
		}).Should(Succeed())
		Expect(pod.Spec.InitContainers).To(HaveLen(2))
	}, SpecTimeout(3*time.Minute))
})
