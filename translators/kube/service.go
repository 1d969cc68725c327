package kube

import (
	"cmp"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/weft-mesh/weft/translators/model"
)

// Service converts a Service. One of type ExternalName has neither addresses
// nor ports: calls to it leave the mesh by DNS.
func Service(object *corev1.Service) *model.Service {
	s := &model.Service{
		Key:      model.Key{Namespace: object.Namespace, Name: object.Name},
		Headless: object.Spec.ClusterIP == corev1.ClusterIPNone,
	}
	if object.Spec.Type == corev1.ServiceTypeExternalName {
		s.Headless, s.ExternalName = false, true
		return s
	}
	s.Addresses = addresses(append([]string{object.Spec.ClusterIP}, object.Spec.ClusterIPs...))
	for _, p := range object.Spec.Ports {
		if port, ok := servicePort(p); ok {
			if len(object.Spec.Selector) > 0 {
				port.Target, port.TargetName = targetOf(p)
			}
			s.Ports = append(s.Ports, port)
		}
	}
	slices.SortFunc(s.Ports, func(a, b model.Port) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Name, b.Name))
	})
	return s
}

// servicePort leaves out SCTP, which no sidecar carries.
func servicePort(p corev1.ServicePort) (model.Port, bool) {
	if p.Port < 1 || p.Port > 65535 {
		return model.Port{}, false
	}
	port := model.Port{Name: p.Name, Number: uint16(p.Port)}
	switch p.Protocol {
	case corev1.ProtocolTCP, "":
		port.Protocol = protocol(p.AppProtocol, p.Name)
	case corev1.ProtocolUDP:
		port.Protocol = model.ProtocolUDP
	default:
		return model.Port{}, false
	}
	return port, true
}

// targetOf is the pods' port, by its number or its name.
func targetOf(p corev1.ServicePort) (uint16, string) {
	switch n := p.TargetPort.IntVal; {
	case p.TargetPort.Type == intstr.String:
		return 0, p.TargetPort.StrVal
	case n == 0:
		return uint16(p.Port), ""
	case n < 1 || n > 65535:
		return 0, ""
	default:
		return uint16(n), ""
	}
}

// addresses parses, sorts and dedupes; what is no address ("None") is left out.
func addresses(texts []string) []netip.Addr {
	var found []netip.Addr
	for _, text := range texts {
		if a, err := netip.ParseAddr(text); err == nil {
			found = append(found, a.Unmap())
		}
	}
	slices.SortFunc(found, netip.Addr.Compare)
	return slices.Compact(found)
}
