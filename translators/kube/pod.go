package kube

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

// Labels by which a ReplicaSet's name shows whose it is.
const (
	hashOfDeployment = "pod-template-hash"
	hashOfRollout    = "rollouts-pod-template-hash"
)

// Pod converts a Pod; nil for a finished one. A pod of the host's network is
// known, so that its endpoints are known to be outside of the mesh, but has no
// address of its own. Nor has one that is being started; its sidecar may ask
// for its configuration before the API server tells of its address.
func Pod(object *corev1.Pod) (*model.Pod, []model.Diagnostic) {
	if finished(object) {
		return nil, nil
	}
	p := &model.Pod{
		Key:      model.Key{Namespace: object.Namespace, Name: object.Name},
		Identity: model.Identity{Namespace: object.Namespace, Name: cmp.Or(object.Spec.ServiceAccountName, "default")},
		Workload: Workload(object),
		Labels:   object.Labels,
		Ports:    namedPorts(object),
	}
	if object.Spec.HostNetwork {
		return p, nil
	}
	p.Addresses, p.Meshed = podAddresses(object), meshed(object)
	if !p.Meshed {
		return p, nil
	}
	var diagnostics []model.Diagnostic
	p.OpenUDP = openUDP(object.Annotations[v1alpha1.AnnotationExcludeInboundPorts])
	p.Probes, diagnostics = probes(p.Ref(), object.Annotations[v1alpha1.AnnotationProbes])
	return p, diagnostics
}

// namedPorts are what a Service can lead to by name. Of a name that is there twice
// the first holds.
func namedPorts(p *corev1.Pod) []model.TargetPort {
	var ports []model.TargetPort
	for _, cs := range [][]corev1.Container{p.Spec.Containers, p.Spec.InitContainers} {
		for i := range cs {
			for _, c := range cs[i].Ports {
				port := model.TargetPort{Name: c.Name, Number: uint16(c.ContainerPort), UDP: c.Protocol == corev1.ProtocolUDP}
				known := slices.ContainsFunc(ports, func(o model.TargetPort) bool { return o.Name == port.Name && o.UDP == port.UDP })
				if c.Name != "" && c.Protocol != corev1.ProtocolSCTP && !known {
					ports = append(ports, port)
				}
			}
		}
	}
	sortTargets(ports)
	return ports
}

// openUDP reads the UDP ports of "9100,53/udp"; a bare number means TCP and UDP.
// The injector has refused what makes no sense.
func openUDP(list string) []uint16 {
	var ports []uint16
	for entry := range strings.SplitSeq(list, ",") {
		number, protocol, _ := strings.Cut(strings.TrimSpace(entry), "/")
		port, err := strconv.ParseUint(number, 10, 16)
		if err == nil && (protocol == "" || strings.EqualFold(protocol, "udp")) {
			ports = append(ports, uint16(port))
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// finished tells that the pod's address may already be another's.
func finished(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

func podAddresses(p *corev1.Pod) []netip.Addr {
	texts := []string{p.Status.PodIP}
	for _, ip := range p.Status.PodIPs {
		texts = append(texts, ip.IP)
	}
	return addresses(texts)
}

func meshed(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == v1alpha1.ProxyContainer
	})
}

// Workload is the object that a person would name: a Deployment, not its
// ReplicaSet. A pod that nobody controls is its own.
func Workload(p *corev1.Pod) model.Workload {
	for _, owner := range p.OwnerReferences {
		if owner.Controller == nil || !*owner.Controller || owner.Kind == "Node" {
			continue
		}
		if owner.Kind == "ReplicaSet" {
			return workloadOfReplicaSet(owner.Name, p.Labels)
		}
		return model.Workload{Kind: strings.ToLower(owner.Kind) + "s", Name: owner.Name}
	}
	return model.Workload{Kind: "pods", Name: p.Name}
}

func workloadOfReplicaSet(name string, labels map[string]string) model.Workload {
	if base, ok := cutHash(name, labels[hashOfDeployment]); ok {
		return model.Workload{Kind: "deployments", Name: base}
	}
	if base, ok := cutHash(name, labels[hashOfRollout]); ok {
		return model.Workload{Kind: "rollouts", Name: base}
	}
	return model.Workload{Kind: "replicasets", Name: name}
}

func cutHash(name, hash string) (string, bool) {
	if hash == "" {
		return "", false
	}
	base, ok := strings.CutSuffix(name, "-"+hash)
	return base, ok && base != ""
}
