package controllers

import (
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/api/v1alpha1"
)

// CacheOptions keep the cache small: of Secrets and ConfigMaps only weft's own,
// of pods only what translators/kube reads, of CRDs only names, of nothing the
// managed fields.
func CacheOptions(namespace string) cache.Options {
	return cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: {Transform: slimPod},
			&corev1.Secret{}: {
				Namespaces: map[string]cache.Config{namespace: {FieldSelector: byName(v1alpha1.CASecret)}},
			},
			&apiextensionsv1.CustomResourceDefinition{}: {Transform: slimCRD},
			&corev1.ConfigMap{}:                         {Field: byName(v1alpha1.ProxyConfigMap)},
		},
	}
}

func byName(name string) fields.Selector {
	return fields.OneTermEqualSelector(metav1.ObjectNameField, name)
}

// slimCRD keeps names alone: what is applied by kubectl has a whole copy of
// itself in an annotation.
func slimCRD(object any) (any, error) {
	m, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return object, nil
	}
	return &metav1.PartialObjectMetadata{
		TypeMeta:   m.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion, Generation: m.Generation},
	}, nil
}

// slimPod keeps what translators/kube reads: 40,000 whole pods would be a
// gigabyte.
func slimPod(object any) (any, error) {
	p, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	slim := &corev1.Pod{
		TypeMeta: p.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{
			Name: p.Name, Namespace: p.Namespace, UID: p.UID, ResourceVersion: p.ResourceVersion,
			Labels: p.Labels, OwnerReferences: p.OwnerReferences, DeletionTimestamp: p.DeletionTimestamp,
		},
		Spec:   corev1.PodSpec{HostNetwork: p.Spec.HostNetwork, ServiceAccountName: p.Spec.ServiceAccountName},
		Status: corev1.PodStatus{Phase: p.Status.Phase, PodIP: p.Status.PodIP, PodIPs: p.Status.PodIPs},
	}
	for _, name := range []string{v1alpha1.AnnotationProbes, v1alpha1.AnnotationExcludeInboundPorts} {
		if text, ok := p.Annotations[name]; ok {
			metav1.SetMetaDataAnnotation(&slim.ObjectMeta, name, text)
		}
	}
	for i := range p.Spec.InitContainers {
		c := &p.Spec.InitContainers[i]
		slim.Spec.InitContainers = append(slim.Spec.InitContainers, corev1.Container{Name: c.Name, Ports: namedPorts(c)})
	}
	for i := range p.Spec.Containers {
		if ports := namedPorts(&p.Spec.Containers[i]); len(ports) > 0 {
			slim.Spec.Containers = append(slim.Spec.Containers, corev1.Container{Ports: ports})
		}
	}
	return slim, nil
}

// namedPorts are the ports of a container that Services can name.
func namedPorts(c *corev1.Container) (named []corev1.ContainerPort) {
	for _, p := range c.Ports {
		if p.Name != "" {
			named = append(named, corev1.ContainerPort{Name: p.Name, ContainerPort: p.ContainerPort, Protocol: p.Protocol})
		}
	}
	return named
}
