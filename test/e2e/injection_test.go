package e2e

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/traffic"
)

// bounded is a pod that says what it uses, as a namespace with a quota asks.
func bounded(name, annotations string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %s, annotations: {%s}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: app
      image: %s
      args: [server]
      resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {cpu: 100m, memory: 64Mi}}
`, name, annotations, fortio)
}

// counted waits until the cluster counts what a quota is about, and weft has read it.
func (w world) counted(ctx context.Context, quota string) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		var q corev1.ResourceQuota
		g.Expect(mesh.Client.Get(ctx, client.ObjectKey{Namespace: w.namespace, Name: quota}, &q)).To(Succeed())
		g.Expect(q.Status.Hard).NotTo(BeEmpty())
	}).Should(Succeed())
}

// sidecars are the containers that weft put into a pod.
func (w world) sidecars(ctx context.Context, name string) []corev1.Container {
	GinkgoHelper()
	pod := podNamed(w.namespace, name)
	Expect(mesh.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
	Expect(pod.Spec.InitContainers).To(HaveLen(2))
	return pod.Spec.InitContainers
}

// nameserver is the cluster's.
func nameserver(ctx context.Context) string {
	GinkgoHelper()
	var services corev1.ServiceList
	Expect(mesh.Client.List(ctx, &services, client.InNamespace("kube-system"))).To(Succeed())
	for _, s := range services.Items {
		for _, p := range s.Spec.Ports {
			if p.Port == 53 {
				return s.Spec.ClusterIP
			}
		}
	}
	Skip("no Service of kube-system has port 53")
	return ""
}

var _ = Describe("A namespace that bounds its pods", func() {
	It("has sidecars with the defaults of its LimitRange, as its quota demands", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, `
apiVersion: v1
kind: LimitRange
metadata: {name: defaults}
spec: {limits: [{type: Container, default: {cpu: 100m, memory: 128Mi}, defaultRequest: {cpu: 20m, memory: 32Mi}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {limits.cpu: "4", limits.memory: 4Gi, requests.cpu: "4", requests.memory: 4Gi}}
`, web())
		w.counted(ctx, "quota")
		w.deploy(ctx, server("v1", 1))
		pod, err := mesh.ReadyPod(ctx, w.namespace, map[string]string{"app": "web"})
		Expect(err).NotTo(HaveOccurred())
		for _, c := range w.sidecars(ctx, pod) {
			Expect(c.Resources.Limits.Cpu().String()).To(Equal("100m"), c.Name)
			Expect(c.Resources.Limits.Memory().String()).To(Equal("512Mi"), c.Name)
		}
	}, SpecTimeout(4*time.Minute))

	It("has sidecars that fit, and refuses annotations that do not", func(ctx SpecContext) {
		w := newWorld(ctx)
		w.apply(ctx, `
apiVersion: v1
kind: LimitRange
metadata: {name: bounds}
spec: {limits: [{type: Container, min: {cpu: 10m, memory: 32Mi}, max: {cpu: "1", memory: 256Mi}, default: {cpu: 150m}, maxLimitRequestRatio: {cpu: "15", memory: "2"}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {limits.cpu: "4", limits.memory: 4Gi}}
`)
		w.counted(ctx, "quota")
		Eventually(ctx, func() error { return mesh.Apply(ctx, w.namespace, bounded("fits", "")) }).Should(Succeed())
		w.settled(ctx)
		for _, c := range w.sidecars(ctx, "fits") {
			Expect(c.Resources.Limits.Memory().String()).To(Equal("256Mi"), c.Name)
			Expect(c.Resources.Requests.Memory().String()).To(Equal("128Mi"), c.Name)
		}
		err := mesh.Apply(ctx, w.namespace, bounded("refused", "weft.mesh/proxy-memory-limit: 1Gi"))
		Expect(apierrors.IsForbidden(err)).To(BeTrue(), "%v", err)
		Expect(err).To(MatchError(ContainSubstring(`annotation weft.mesh/proxy-memory-limit is "1Gi": LimitRange "bounds" allows a container at most 256Mi of memory`)))
	}, SpecTimeout(4*time.Minute))

	It("has sidecars with a CPU limit where its quota asks for one, and says which ConfigMap it has no room for", func(ctx SpecContext) {
		w := newWorld(ctx, "weft.mesh/inject=disabled")
		w.apply(ctx, `
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {limits.cpu: "4", count/configmaps: "0"}}
`)
		w.counted(ctx, "quota")
		w.label(ctx, "weft.mesh/inject", "enabled")
		Eventually(ctx, func(g Gomega) {
			var events eventsv1.EventList
			g.Expect(mesh.Client.List(ctx, &events)).To(Succeed())
			g.Expect(events.Items).To(ContainElement(And(HaveField("Regarding.Name", w.namespace),
				HaveField("Reason", "NoProxyConfig"), HaveField("Note", ContainSubstring("exceeded quota: quota")))))
		}).Should(Succeed())
		w.apply(ctx, `
apiVersion: v1
kind: ResourceQuota
metadata: {name: quota}
spec: {hard: {limits.cpu: "4", count/configmaps: "2"}}
`)
		Eventually(ctx, func() error {
			return mesh.Apply(ctx, w.namespace, bounded("limited", "weft.mesh/init-cpu-limit: 300m"))
		}).Should(Succeed())
		w.settled(ctx)
		both := w.sidecars(ctx, "limited")
		Expect(both[0].Resources.Limits.Cpu().String()).To(Equal("300m"))
		Expect(both[1].Resources.Limits.Cpu().String()).To(Equal("200m"))
	}, SpecTimeout(4*time.Minute))
})

var _ = Describe("A pod with a resolv.conf of its own", func() {
	It("finds its controller, and resolves over TCP where egress is denied", func(ctx SpecContext) {
		dns := nameserver(ctx)
		w := newWorld(ctx, "weft.mesh/access=permissive")
		outside := newWorld(ctx, "weft.mesh/inject=disabled")
		for _, in := range []world{w, outside} {
			in.apply(ctx, web())
			in.deploy(ctx, server("v1", 1))
		}
		away := outside.podIP(ctx, map[string]string{"app": "web"})
		w.deploy(ctx, call("plain", away+":8080"), fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: own}
spec:
  terminationGracePeriodSeconds: 1
  dnsPolicy: None
  dnsConfig: {nameservers: [%s], options: [{name: use-vc}, {name: ndots, value: "1"}]}
  containers: [{name: app, image: %s, args: [server]}]
`, dns, fortio))
		egress := func(ctx context.Context, value string) error {
			return mesh.Apply(ctx, "", "{apiVersion: weft.mesh/v1alpha1, kind: MeshConfig, metadata: {name: weft}, spec: {egress: "+value+"}}")
		}
		DeferCleanup(func() {
			ctx, cancel := cleanup()
			defer cancel()
			Expect(egress(ctx, "allow")).To(Succeed())
		})
		door := w.forward("plain", doorExtra)
		leave := func() error {
			caller := traffic.NewCaller(door)
			defer caller.Close()
			_, err := caller.Do(ctx, traffic.Call{})
			return err
		}
		Expect(leave()).To(Succeed())
		Expect(egress(ctx, "deny")).To(Succeed())
		Eventually(ctx, leave).Should(HaveOccurred(), "what leaves the mesh is to be refused")
		out, err := mesh.Exec(ctx, w.namespace, "own", "app", "fortio", "curl", fmt.Sprintf("http://web.%s.svc.cluster.local/debug", w.namespace))
		Expect(err).NotTo(HaveOccurred(), out)
	}, SpecTimeout(4*time.Minute))
})
