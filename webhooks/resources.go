package webhooks

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/weft-mesh/weft/api/v1alpha1"
)

// proxyResources are the installation's, as far as the pod does not say else.
func proxyResources(base corev1.ResourceRequirements, o options) corev1.ResourceRequirements {
	out := *base.DeepCopy()
	if o.cpu != nil {
		set(&out.Requests, corev1.ResourceCPU, *o.cpu)
		raise(out.Limits, corev1.ResourceCPU, *o.cpu)
	}
	if o.memory != nil {
		set(&out.Limits, corev1.ResourceMemory, *o.memory)
		lower(out.Requests, corev1.ResourceMemory, *o.memory)
	}
	return out
}

// addPodResources makes room for the sidecar in a pod that bounds its
// containers together (spec.resources). A pod that was injected before has it.
func addPodResources(spec *corev1.PodSpec, proxy corev1.ResourceRequirements, before *corev1.Pod) {
	if spec.Resources == nil {
		return
	}
	var had corev1.ResourceRequirements
	for _, c := range before.Spec.InitContainers {
		if c.Name == v1alpha1.ProxyContainer {
			had = c.Resources
		}
	}
	shift(spec.Resources.Requests, had.Requests, proxy.Requests)
	shift(spec.Resources.Limits, had.Limits, proxy.Limits)
}

// shift takes from each of the total's amounts what went and adds what came.
func shift(total, gone, come corev1.ResourceList) {
	for name, amount := range total {
		if q, ok := gone[name]; ok {
			amount.Sub(q)
		}
		if q, ok := come[name]; ok {
			amount.Add(q)
		}
		total[name] = amount
	}
}

func set(list *corev1.ResourceList, name corev1.ResourceName, q resource.Quantity) {
	if *list == nil {
		*list = corev1.ResourceList{}
	}
	(*list)[name] = q
}

func raise(list corev1.ResourceList, name corev1.ResourceName, least resource.Quantity) {
	if q, ok := list[name]; ok && q.Cmp(least) < 0 {
		list[name] = least
	}
}

func lower(list corev1.ResourceList, name corev1.ResourceName, most resource.Quantity) {
	if q, ok := list[name]; ok && q.Cmp(most) > 0 {
		list[name] = most
	}
}
