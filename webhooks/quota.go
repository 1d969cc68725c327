package webhooks

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// counted is what a ResourceQuota counts of pods.
var counted = []struct {
	name, kind string
	resource   corev1.ResourceName
}{
	{"limits.memory", "limit", corev1.ResourceMemory},
	{"requests.memory", "request", corev1.ResourceMemory},
	{"memory", "request", corev1.ResourceMemory},
	{"limits.cpu", "limit", corev1.ResourceCPU},
	{"requests.cpu", "request", corev1.ResourceCPU},
	{"cpu", "request", corev1.ResourceCPU},
}

// overQuota refuses a pod that a quota has room for, and not with its sidecar: the
// API server would refuse it too, and could not say what mends it. Quotas of some
// pods alone are left to the API server.
func overQuota(pod *corev1.Pod, quotas []corev1.ResourceQuota) error {
	if pod.Spec.Resources != nil {
		return nil
	}
	for i := range quotas {
		q := &quotas[i]
		if len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
			continue
		}
		for _, of := range counted {
			hard, limited := q.Status.Hard[corev1.ResourceName(of.name)]
			if !limited {
				continue
			}
			room := hard.DeepCopy()
			room.Sub(q.Status.Used[corev1.ResourceName(of.name)])
			pick := func(r corev1.ResourceRequirements) resource.Quantity {
				if of.kind == "limit" {
					return r.Limits[of.resource]
				}
				return r.Requests[of.resource]
			}
			own, all := uses(pod, pick, false), uses(pod, pick, true)
			if own.Cmp(room) > 0 || all.Cmp(room) <= 0 {
				continue
			}
			return fmt.Errorf("ResourceQuota %q has room for %s more of %s; the pod counts %s, and %s with its sidecar: "+
				"lower it by the annotations weft.mesh/proxy-%s-%s and weft.mesh/init-%s-%s of the pod or of the namespace, or raise the quota",
				q.Name, room.String(), of.name, own.String(), all.String(), of.resource, of.kind, of.resource, of.kind)
		}
	}
	return nil
}

// uses is what a pod counts: what runs together, or an init container with the
// sidecars that run already where that is more.
func uses(pod *corev1.Pod, pick func(corev1.ResourceRequirements) resource.Quantity, weft bool) resource.Quantity {
	var sidecars, most resource.Quantity
	for _, c := range pod.Spec.InitContainers {
		if !weft && isOurs(c.Name) {
			continue
		}
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			sidecars.Add(pick(c.Resources))
			continue
		}
		alone := sidecars.DeepCopy()
		alone.Add(pick(c.Resources))
		most = larger(most, alone)
	}
	for _, c := range pod.Spec.Containers {
		sidecars.Add(pick(c.Resources))
	}
	return larger(most, sidecars)
}

func larger(a, b resource.Quantity) resource.Quantity {
	return slices.MaxFunc([]resource.Quantity{a, b}, func(a, b resource.Quantity) int { return a.Cmp(b) })
}
