package webhooks

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/podnet"
)

// surprises warns of what is allowed and works differently in the mesh from
// what the pod's author may expect.
func surprises(pod *corev1.Pod) []string {
	var warnings []string
	if value, ok := pod.Labels[v1alpha1.LabelInject]; ok && value != v1alpha1.InjectEnabled {
		warnings = append(warnings, fmt.Sprintf("label %s is %q and has no effect; write disabled to keep the pod out of the mesh", v1alpha1.LabelInject, value))
	}
	if pod.Spec.DNSPolicy == corev1.DNSNone || pod.Spec.DNSPolicy == corev1.DNSDefault {
		warnings = append(warnings, fmt.Sprintf("dnsPolicy is %s: the sidecar finds its controller only if the pod's name servers know the cluster's Services", pod.Spec.DNSPolicy))
	}
	for _, c := range containers(&pod.Spec) {
		if isOurs(c.Name) {
			continue
		}
		if runsAsProxy(pod, c) {
			warnings = append(warnings, fmt.Sprintf("container %q runs as user %d, which is the sidecar's: its calls bypass the mesh; choose another runAsUser", c.Name, podnet.ProxyUID))
		}
		warnings = append(warnings, portSurprises(c)...)
	}
	return warnings
}

func runsAsProxy(pod *corev1.Pod, c *corev1.Container) bool {
	user := (*int64)(nil)
	if s := pod.Spec.SecurityContext; s != nil {
		user = s.RunAsUser
	}
	if s := c.SecurityContext; s != nil && s.RunAsUser != nil {
		user = s.RunAsUser
	}
	return user != nil && *user == int64(podnet.ProxyUID)
}

func portSurprises(c *corev1.Container) []string {
	var warnings []string
	for _, p := range c.Ports {
		if p.ContainerPort >= int32(podnet.FirstReservedPort) && p.ContainerPort <= int32(podnet.LastReservedPort) {
			warnings = append(warnings, fmt.Sprintf("container %q: port %d is among the sidecar's own (%d to %d): it is outside the mesh and may be taken; choose another",
				c.Name, p.ContainerPort, podnet.FirstReservedPort, podnet.LastReservedPort))
		}
	}
	return warnings
}

// containers are all containers of a pod, in the order in which they start.
func containers(spec *corev1.PodSpec) []*corev1.Container {
	var all []*corev1.Container
	for i := range spec.InitContainers {
		all = append(all, &spec.InitContainers[i])
	}
	for i := range spec.Containers {
		all = append(all, &spec.Containers[i])
	}
	return all
}
