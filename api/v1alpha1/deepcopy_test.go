package v1alpha1

import (
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func full() *MeshConfig {
	return &MeshConfig{
		TypeMeta:   metav1.TypeMeta{Kind: "MeshConfig"},
		ObjectMeta: metav1.ObjectMeta{Name: "weft", Labels: map[string]string{"a": "b"}},
		Spec: MeshConfigSpec{
			Access: AccessEnforcing, Egress: EgressDeny, TrustDomain: "td", ServiceCIDRs: []string{"10.96.0.0/12"},
			Certificate: Certificate{Lifetime: &metav1.Duration{Duration: time.Hour}},
			Sidecar: Sidecar{
				Proxy: Resources{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}},
				Init:  Resources{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}},
			},
		},
		Status: MeshConfigStatus{ObservedGeneration: 1, Conditions: []metav1.Condition{{Type: "Accepted"}}},
	}
}

func TestDeepCopySharesNothing(t *testing.T) {
	list := &MeshConfigList{Items: []MeshConfig{*full()}}
	copied := list.DeepCopyObject().(*MeshConfigList)
	if !reflect.DeepEqual(list, copied) {
		t.Fatalf("got %+v, want %+v", copied, list)
	}
	c := &copied.Items[0]
	c.Labels["a"] = "c"
	c.Spec.Certificate.Lifetime.Duration = time.Minute
	c.Spec.ServiceCIDRs[0] = "other"
	c.Spec.Sidecar.Proxy.Requests[corev1.ResourceCPU] = resource.MustParse("2")
	delete(c.Spec.Sidecar.Init.Limits, corev1.ResourceMemory)
	c.Status.Conditions[0].Type = "other"
	if !reflect.DeepEqual(&list.Items[0], full()) {
		t.Errorf("a change of the copy reached the original: %+v", list.Items[0])
	}
}

func TestDeepCopyOfNothing(t *testing.T) {
	var m *MeshConfig
	var l *MeshConfigList
	if m.DeepCopy() != nil || m.DeepCopyObject() != nil || l.DeepCopyObject() != nil {
		t.Error("a copy of nothing is something")
	}
	if got := (&MeshConfig{}).DeepCopy(); !reflect.DeepEqual(got, &MeshConfig{}) {
		t.Errorf("got %+v", got)
	}
}
