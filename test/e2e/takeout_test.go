package e2e

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/cluster"
)

// takeOut is the first command of docs/install.md's "Take it out", and what docs/traffic.md says where weft-metrics
// does not come back.
const takeOut = "kubectl delete apiservice v1alpha1.metrics.smi-spec.io v1alpha2.metrics.smi-spec.io"

// apiServices are those of metrics.smi-spec.io, as they were applied.
func apiServices(ctx context.Context) []*unstructured.Unstructured {
	GinkgoHelper()
	var all []*unstructured.Unstructured
	for _, name := range strings.Fields(takeOut)[3:] {
		u := &unstructured.Unstructured{}
		u.SetAPIVersion("apiregistration.k8s.io/v1")
		u.SetKind("APIService")
		Expect(mesh.Client.Get(ctx, client.ObjectKey{Name: name}, u)).To(Succeed())
		kept := &unstructured.Unstructured{Object: map[string]any{"spec": u.Object["spec"]}}
		kept.SetGroupVersionKind(u.GroupVersionKind())
		kept.SetName(name)
		kept.SetLabels(u.GetLabels())
		kept.SetAnnotations(u.GetAnnotations())
		unstructured.RemoveNestedField(kept.Object, "spec", "caBundle")
		all = append(all, kept)
	}
	return all
}

// scaleMetrics sets the replicas of weft-metrics, and waits for them.
func scaleMetrics(ctx context.Context, replicas string) {
	GinkgoHelper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.System, Name: "weft-metrics"}}
	Expect(mesh.Client.Patch(ctx, d, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":`+replicas+`}}`)))).To(Succeed())
	Expect(mesh.WaitRollouts(ctx, cluster.System)).To(Succeed())
	if replicas == "0" {
		Eventually(ctx, func(g Gomega) {
			var pods corev1.PodList
			g.Expect(mesh.Client.List(ctx, &pods, client.InNamespace(cluster.System), client.MatchingLabels{"app.kubernetes.io/name": "weft-metrics"})).To(Succeed())
			g.Expect(pods.Items).To(BeEmpty())
		}).Should(Succeed())
	}
}

func kubectl(ctx context.Context, args ...string) string {
	GinkgoHelper()
	out, err := exec.CommandContext(ctx, "kubectl", args...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
	return string(out)
}

var _ = Describe("weft-metrics", func() {
	It("harms nothing but its own API while it is down, and keeps no namespace once its APIServices are gone", func(ctx SpecContext) {
		kept := apiServices(ctx)
		DeferCleanup(func(ctx SpecContext) {
			for _, service := range kept {
				if err := mesh.Client.Create(ctx, service); !apierrors.IsAlreadyExists(err) {
					Expect(err).NotTo(HaveOccurred())
				}
			}
			scaleMetrics(ctx, "2")
			// The API server verifies it again: the controller has put the CA bundle back.
			Eventually(ctx, func(g Gomega) {
				out, err := exec.CommandContext(ctx, "kubectl", "get", "trafficmetrics", "-A").CombinedOutput()
				g.Expect(err).NotTo(HaveOccurred(), string(out))
			}).WithTimeout(time.Minute).Should(Succeed())
		}, NodeTimeout(3*time.Minute))
		Expect(kept).To(HaveEach(HaveField("Object", HaveKeyWithValue("spec", Not(HaveKeyWithValue("insecureSkipTLSVerify", true))))))

		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-gone-"}}
		Expect(mesh.Client.Create(ctx, ns)).To(Succeed())
		scaleMetrics(ctx, "0")
		Expect(kubectl(ctx, "get", "services,deployments", "-n", cluster.System)).To(ContainSubstring("deployment.apps/weft-metrics"))
		Expect(kubectl(ctx, "create", "configmap", "x", "-n", ns.Name)).To(ContainSubstring("created"))

		Expect(mesh.Client.Delete(ctx, ns)).To(Succeed())
		Eventually(ctx, func(g Gomega) {
			g.Expect(mesh.Client.Get(ctx, client.ObjectKeyFromObject(ns), ns)).To(Succeed())
			waits := slices.ContainsFunc(ns.Status.Conditions, func(c corev1.NamespaceCondition) bool {
				return c.Type == corev1.NamespaceDeletionDiscoveryFailure && c.Status == corev1.ConditionTrue
			})
			g.Expect(waits).To(BeTrue(), "%v", ns.Status.Conditions)
		}).WithTimeout(time.Minute).Should(Succeed())

		kubectl(ctx, strings.Fields(takeOut)[1:]...)
		Eventually(ctx, func() bool {
			return apierrors.IsNotFound(mesh.Client.Get(ctx, client.ObjectKeyFromObject(ns), ns))
		}).WithTimeout(time.Minute).Should(BeTrue())
	}, SpecTimeout(5*time.Minute))
})
