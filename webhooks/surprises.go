package webhooks

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/podnet"
)

// surprises warns of what is allowed and works differently in the mesh from
// what the pod's author may expect.
func surprises(pod *corev1.Pod, host string) []string {
	var warnings []string
	if value, ok := pod.Labels[v1alpha1.LabelInject]; ok && value != v1alpha1.InjectEnabled {
		warnings = append(warnings, fmt.Sprintf("label %s is %q and has no effect; write disabled to keep the pod out of the mesh", v1alpha1.LabelInject, value))
	}
	warnings = append(warnings, dnsSurprises(&pod.Spec, host)...)
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

// dnsSurprises warns where the sidecar may not find its controller, without which
// the pod never starts. A host with a final dot is looked up as it is.
func dnsSurprises(spec *corev1.PodSpec, host string) []string {
	if spec.DNSPolicy == corev1.DNSNone || spec.DNSPolicy == corev1.DNSDefault {
		servers := "the node's"
		if spec.DNSPolicy == corev1.DNSNone && spec.DNSConfig != nil {
			servers = strings.Join(spec.DNSConfig.Nameservers, ", ")
		}
		how := ""
		if !strings.HasSuffix(host, ".") {
			how = ", by the pod's searches and ndots"
		}
		return []string{fmt.Sprintf("dnsPolicy is %s: the pod starts only if its name servers (%s) know %s%s", spec.DNSPolicy, servers, host, how)}
	}
	if strings.HasSuffix(host, ".") || spec.DNSConfig == nil {
		return nil
	}
	for _, o := range spec.DNSConfig.Options {
		if o.Name != "ndots" || o.Value == nil {
			continue
		}
		if n, err := strconv.Atoi(*o.Value); err == nil && n <= strings.Count(host, ".") {
			return []string{fmt.Sprintf("ndots is %d: the pod starts only if its name servers say that there is no %s. before they are asked for it in the cluster's domain; "+
				"the controller's flag --cluster-domain makes that needless", n, host)}
		}
	}
	return nil
}

// noRoomForProxyConfig warns where no more ConfigMaps may be made and the one that
// sidecars start from is not there.
func noRoomForProxyConfig(namespace Namespace) []string {
	if namespace.FullQuota == "" {
		return nil
	}
	return []string{fmt.Sprintf("the pod does not start before the namespace has the ConfigMap %s, and ResourceQuota %s has no room for it; raise that by one",
		v1alpha1.ProxyConfigMap, namespace.FullQuota)}
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
