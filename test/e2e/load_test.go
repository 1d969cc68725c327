package e2e

import (
	"context"
	"fmt"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/traffic"
)

// steady is 500 requests a second over eight connections.
func steady(length time.Duration) []string {
	return []string{"-qps", "500", "-c", "8", "-t", length.String(), "http://web"}
}

// flawless asserts that a load had not one error, and shows its figures.
func flawless(what string, load traffic.Load) {
	GinkgoHelper()
	report("%s: %s", what, load)
	Expect(load.Failed("200")).To(BeZero(), load.String())
	Expect(load.Total()).To(BeNumerically(">", 1000), "the load was too small to prove anything")
}

var _ = Describe("Under 500 requests a second, not one fails", func() {
	var w world

	BeforeEach(func(ctx SpecContext) {
		w = newWorld(ctx)
		w.apply(ctx, web(), routes("all"), target("client", "client", "HTTPRouteGroup/all"))
		w.deploy(ctx, server("v1", 2), server("v2", 2), call("client"))
		w.program(ctx, target("client", "client", "HTTPRouteGroup/all"), split(1, 1))
	}, NodeTimeout(3*time.Minute))

	// Trap 19.
	It("while weights change", func(ctx SpecContext) {
		load := w.under(ctx, "client", steady(15*time.Second), func() {
			for i := range 30 {
				w.program(ctx, split(i%4, 3-i%4))
			}
		})
		flawless("30 weight changes", load)
	}, SpecTimeout(3*time.Minute))

	// Trap 57, Trap 58.
	It("while the servers restart one by one", func(ctx SpecContext) {
		load := w.under(ctx, "client", steady(30*time.Second), func() {
			for _, name := range []string{"web-v1", "web-v2"} {
				restart(ctx, w.namespace, name)
			}
			Expect(mesh.WaitRollouts(ctx, w.namespace)).To(Succeed())
		})
		flawless("rolling restart of the servers", load)
	}, SpecTimeout(4*time.Minute))

	// Trap 62.
	It("while both replicas of the controller are killed, and a new weight holds after their return", func(ctx SpecContext) {
		caller := w.caller("client", doorWeb)
		load := w.under(ctx, "client", steady(25*time.Second), func() {
			killControllers(ctx)
			Expect(mesh.WaitRollouts(ctx, cluster.System)).To(Succeed())
			back := time.Now()
			w.apply(ctx, split(0, 1))
			Eventually(ctx, func() traffic.Counts { return caller.Count(ctx, 20, traffic.Call{}, version) }).
				Should(Equal(traffic.Counts{"v2": 20}))
			took := time.Since(back)
			report("a new weight holds %v after the controller's return", took.Round(time.Millisecond))
		})
		flawless("both controllers killed", load)
	}, SpecTimeout(4*time.Minute))

	It("while the controller is rolled out anew", func(ctx SpecContext) {
		load := w.under(ctx, "client", steady(20*time.Second), func() {
			restart(ctx, cluster.System, "weft-controller")
			Expect(mesh.WaitRollouts(ctx, cluster.System)).To(Succeed())
			w.program(ctx, split(1, 3))
		})
		flawless("rolling restart of the controller", load)
	}, SpecTimeout(4*time.Minute))

	// Trap 64.
	It("while certificates of one minute are renewed", func(ctx SpecContext) {
		config := "{apiVersion: weft.mesh/v1alpha1, kind: MeshConfig, metadata: {name: weft}, spec: {certificate: {lifetime: 1m}}}"
		before := certificates(ctx, w, "client")
		Expect(mesh.Apply(ctx, "", config)).To(Succeed())
		DeferCleanup(func() {
			ctx, cancel := cleanup()
			defer cancel()
			Expect(mesh.Delete(ctx, "", config)).To(Succeed())
		})
		// Proxies that hold an hour's certificate get a short one when they start.
		for _, name := range []string{"web-v1", "web-v2"} {
			restart(ctx, w.namespace, name)
		}
		Expect(client.IgnoreNotFound(mesh.Client.Delete(ctx, podNamed(w.namespace, "client")))).To(Succeed())
		Eventually(ctx, func() error {
			return mesh.Client.Get(ctx, types.NamespacedName{Namespace: w.namespace, Name: "client"}, &corev1.Pod{})
		}).ShouldNot(Succeed())
		w.deploy(ctx, call("client"))
		first := certificates(ctx, w, "client")
		Expect(first).NotTo(Equal(before))
		var renewed []string
		load := w.under(ctx, "client", steady(75*time.Second), func() {
			Eventually(ctx, func() []string {
				serial := certificates(ctx, w, "client")
				if !slices.Contains(renewed, serial) && serial != first {
					renewed = append(renewed, serial)
				}
				return renewed
			}).WithTimeout(2 * patience).Should(HaveLen(2))
		})
		flawless("two renewals of the client's certificate", load)
	}, SpecTimeout(5*time.Minute))
})

// restart does what `kubectl rollout restart` does, and waits until it has begun.
func restart(ctx context.Context, namespace, deployment string) {
	GinkgoHelper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: deployment}}
	patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`,
		time.Now().Format(time.RFC3339Nano))
	Expect(mesh.Client.Patch(ctx, d, client.RawPatch(types.StrategicMergePatchType, patch))).To(Succeed())
	Expect(mesh.WaitRollouts(ctx, namespace)).To(Succeed())
}

// killControllers kills all replicas at once, without grace, and waits until they are gone.
func killControllers(ctx context.Context) {
	GinkgoHelper()
	selector := client.MatchingLabels{"app.kubernetes.io/name": "weft-controller"}
	var pods corev1.PodList
	Expect(mesh.Client.List(ctx, &pods, client.InNamespace(cluster.System), selector)).To(Succeed())
	Expect(pods.Items).NotTo(BeEmpty())
	for _, pod := range pods.Items {
		Expect(mesh.Client.Delete(ctx, &pod, client.GracePeriodSeconds(0))).To(Succeed())
	}
	for _, pod := range pods.Items {
		Eventually(ctx, func() error {
			return mesh.Client.Get(ctx, client.ObjectKeyFromObject(&pod), &corev1.Pod{})
		}).ShouldNot(Succeed())
	}
}
