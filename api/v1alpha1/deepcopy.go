package v1alpha1

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// DeepCopyInto copies all that m refers to.
func (m *MeshConfig) DeepCopyInto(out *MeshConfig) {
	*out = *m
	m.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	if m.Spec.Certificate.Lifetime != nil {
		lifetime := *m.Spec.Certificate.Lifetime
		out.Spec.Certificate.Lifetime = &lifetime
	}
	out.Spec.ServiceCIDRs = slices.Clone(m.Spec.ServiceCIDRs)
	for _, r := range []*Resources{&out.Spec.Sidecar.Proxy, &out.Spec.Sidecar.Init} {
		r.Requests, r.Limits = r.Requests.DeepCopy(), r.Limits.DeepCopy()
	}
	if m.Status.Conditions != nil {
		out.Status.Conditions = make([]metav1.Condition, len(m.Status.Conditions))
		for i := range m.Status.Conditions {
			m.Status.Conditions[i].DeepCopyInto(&out.Status.Conditions[i])
		}
	}
}

// DeepCopy gives an independent copy; nil of nil.
func (m *MeshConfig) DeepCopy() *MeshConfig {
	if m == nil {
		return nil
	}
	out := new(MeshConfig)
	m.DeepCopyInto(out)
	return out
}

// DeepCopyObject is DeepCopy for the machinery of Kubernetes.
func (m *MeshConfig) DeepCopyObject() runtime.Object {
	if m == nil {
		return nil
	}
	return m.DeepCopy()
}

// DeepCopyObject gives an independent copy; nil of nil.
func (l *MeshConfigList) DeepCopyObject() runtime.Object {
	if l == nil {
		return nil
	}
	out := &MeshConfigList{TypeMeta: l.TypeMeta}
	l.ListMeta.DeepCopyInto(&out.ListMeta)
	if l.Items != nil {
		out.Items = make([]MeshConfig, len(l.Items))
		for i := range l.Items {
			l.Items[i].DeepCopyInto(&out.Items[i])
		}
	}
	return out
}
