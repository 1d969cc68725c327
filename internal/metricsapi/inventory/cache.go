package inventory

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// CacheOptions keep of each object what is read here. Objects are not copied
// when they are read, so nobody may change them.
func CacheOptions() cache.Options {
	shared := true
	return cache.Options{
		DefaultTransform:             slim,
		DefaultUnsafeDisableDeepCopy: &shared,
		ByObject:                     map[client.Object]cache.ByObject{&corev1.Pod{}: {Transform: slimPod}},
	}
}

func slim(object any) (any, error) {
	switch o := object.(type) {
	case *metav1.PartialObjectMetadata:
		return &metav1.PartialObjectMetadata{TypeMeta: o.TypeMeta, ObjectMeta: slimMeta(&o.ObjectMeta)}, nil
	case *corev1.Service:
		return &corev1.Service{ObjectMeta: slimMeta(&o.ObjectMeta), Spec: corev1.ServiceSpec{Selector: o.Spec.Selector, ClusterIPs: o.Spec.ClusterIPs}}, nil
	case client.Object:
		o.SetManagedFields(nil)
	}
	return object, nil
}

func slimMeta(m metav1.Object) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: m.GetNamespace(), Name: m.GetName(), UID: m.GetUID(),
		ResourceVersion: m.GetResourceVersion(), Labels: m.GetLabels(),
	}
}

// slimPod keeps what translators/kube goes by to tell whether a pod is of the
// mesh, and whose it is; and where it is reached.
func slimPod(object any) (any, error) {
	p, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	meta := slimMeta(&p.ObjectMeta)
	meta.OwnerReferences, meta.DeletionTimestamp = p.OwnerReferences, p.DeletionTimestamp
	thin := &corev1.Pod{
		ObjectMeta: meta,
		Spec: corev1.PodSpec{
			HostNetwork: p.Spec.HostNetwork, ServiceAccountName: p.Spec.ServiceAccountName, NodeName: p.Spec.NodeName,
		},
		Status: corev1.PodStatus{Phase: p.Status.Phase, PodIP: p.Status.PodIP, PodIPs: p.Status.PodIPs},
	}
	for _, c := range p.Spec.InitContainers {
		thin.Spec.InitContainers = append(thin.Spec.InitContainers, corev1.Container{Name: c.Name})
	}
	return thin, nil
}
