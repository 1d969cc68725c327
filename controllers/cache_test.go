package controllers

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/weft-mesh/weft/translators/kube"
)

// What is dropped from pods in the cache means nothing to their conversion.
func TestASlimPodMeansTheSame(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-5d4f-x", ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubelet"}},
			Labels:          map[string]string{"pod-template-hash": "5d4f"},
			Annotations:     map[string]string{"weft.mesh/probes": `[{"path":"/p","kind":"tcp","port":1,"period":1,"timeout":1}]`, "other": "x"},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-5d4f", Controller: ptr.To(true)}},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName: "web", NodeName: "n", Containers: []corev1.Container{
				{Name: "plain", Ports: []corev1.ContainerPort{{ContainerPort: 9000}}},
				{Name: "app", Ports: []corev1.ContainerPort{{ContainerPort: 8081}, {Name: "web", ContainerPort: 8080}}},
			},
			InitContainers: []corev1.Container{{Name: "weft-proxy", Image: "envoy"}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", PodIPs: []corev1.PodIP{{IP: "10.0.0.1"}}, Message: "m"},
	}
	got, err := slimPod(pod)
	if err != nil {
		t.Fatal(err)
	}
	slim, ok := got.(*corev1.Pod)
	if !ok {
		t.Fatalf("got %T", got)
	}
	if slim.ManagedFields != nil || len(slim.Spec.Containers) != 1 || slim.Annotations["other"] != "" {
		t.Errorf("not slim: %+v", slim)
	}
	want, _ := kube.Pod(pod)
	have, _ := kube.Pod(slim)
	if !want.Meshed || len(want.Probes) != 1 || len(want.Ports) != 1 || want.Workload.Kind != "deployments" {
		t.Fatalf("the pod of the test says too little: %+v", want)
	}
	if diff := cmp.Diff(want, have, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOtherThingsThanPodsPassTheTransform(t *testing.T) {
	for _, o := range []any{nil, "x", &corev1.Service{}} {
		if got, err := slimPod(o); err != nil || got != o {
			t.Errorf("got %v, %v of %v", got, err, o)
		}
	}
}
