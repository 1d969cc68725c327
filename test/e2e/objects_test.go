package e2e

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/cluster"
)

func podNamed(namespace, name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// podIP is the address of a pod with the labels.
func (w world) podIP(ctx context.Context, labels map[string]string) string {
	GinkgoHelper()
	name, err := mesh.ReadyPod(ctx, w.namespace, labels)
	Expect(err).NotTo(HaveOccurred())
	pod := podNamed(w.namespace, name)
	Expect(mesh.Client.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
	return pod.Status.PodIP
}

// label sets a label of the namespace.
func (w world) label(ctx context.Context, key, value string) {
	GinkgoHelper()
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:%q}}}`, key, value)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
	Expect(mesh.Client.Patch(ctx, ns, client.RawPatch(types.MergePatchType, patch))).To(Succeed())
}

// read gets the one object of a YAML text as it is stored.
func (w world) read(ctx context.Context, text string) (*unstructured.Unstructured, error) {
	objects, err := cluster.Decode(text)
	if err != nil {
		return nil, err
	}
	o := objects[0]
	return mesh.Get(ctx, o.GetAPIVersion(), o.GetKind(), w.namespace, o.GetName())
}

// condition is a condition of the one object of a YAML text, or nil. An old generation's does not count.
func (w world) condition(ctx context.Context, text, kind string) (*metav1.Condition, error) {
	o, err := w.read(ctx, text)
	if err != nil {
		return nil, err
	}
	conditions, err := cluster.Conditions(o)
	if err != nil {
		return nil, err
	}
	c := meta.FindStatusCondition(conditions, kind)
	if c == nil || c.ObservedGeneration < o.GetGeneration() {
		return nil, nil
	}
	return c, nil
}

// message is what a condition says: its status, reason and message.
func (w world) message(ctx context.Context, text, kind string) (string, error) {
	c, err := w.condition(ctx, text, kind)
	if err != nil || c == nil {
		return "", err
	}
	return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message), nil
}
