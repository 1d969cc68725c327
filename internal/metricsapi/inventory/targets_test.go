package inventory

import (
	"net/netip"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

func TestTargets(t *testing.T) {
	controls := true
	pod := func(name string, change func(*corev1.Pod)) *corev1.Pod {
		p := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: "shop", Name: name, UID: "uid-of-web", Labels: map[string]string{"pod-template-hash": "5f"},
				OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "web-5f", Controller: &controls}},
			},
			Spec:   corev1.PodSpec{NodeName: "n1", InitContainers: []corev1.Container{{Name: v1alpha1.ProxyContainer}}},
			Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "198.18.0.9", PodIPs: []corev1.PodIP{{IP: "198.18.0.9"}, {IP: "2001:2::9"}}},
		}
		change(p)
		return p
	}
	reader := fake.NewClientBuilder().WithObjects(
		pod("web", func(*corev1.Pod) {}),
		pod("no-sidecar", func(p *corev1.Pod) { p.Spec.InitContainers = nil }),
		pod("no-address", func(p *corev1.Pod) { p.Status.PodIP, p.Status.PodIPs = "", nil }),
		pod("finished", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }),
		pod("of-the-host", func(p *corev1.Pod) { p.Spec.HostNetwork = true }),
	).Build()
	got, err := (&Inventory{reader: reader}).Targets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []figures.Target{{
		UID: "uid-of-web", Pod: model.Key{Namespace: "shop", Name: "web"}, Node: "n1",
		Own: figures.Workload{Namespace: "shop", Kind: "deployments", Name: "web"}, Address: netip.MustParseAddr("198.18.0.9"),
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
