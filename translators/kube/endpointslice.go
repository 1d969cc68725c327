package kube

import (
	"cmp"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/weft-mesh/weft/translators/model"
)

// EndpointSlice converts an EndpointSlice; nil for one of no Service, or of DNS
// names.
func EndpointSlice(object *discoveryv1.EndpointSlice) *model.EndpointSlice {
	service := object.Labels[discoveryv1.LabelServiceName]
	if service == "" || object.AddressType == discoveryv1.AddressTypeFQDN {
		return nil
	}
	s := &model.EndpointSlice{
		Key:     model.Key{Namespace: object.Namespace, Name: object.Name},
		Service: model.Key{Namespace: object.Namespace, Name: service},
	}
	for _, p := range object.Ports {
		if port, ok := targetPort(p); ok {
			s.Ports = append(s.Ports, port)
		}
	}
	sortTargets(s.Ports)
	for i := range object.Endpoints {
		if a, ok := address(&object.Endpoints[i], object.Namespace); ok {
			s.Endpoints = append(s.Endpoints, a)
		}
	}
	slices.SortFunc(s.Endpoints, func(a, b model.Address) int {
		return cmp.Or(a.Addr.Compare(b.Addr), a.Pod.Compare(b.Pod), model.CompareBool(a.Serve, b.Serve))
	})
	return s
}

func sortTargets(ports []model.TargetPort) {
	slices.SortFunc(ports, func(a, b model.TargetPort) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Number, b.Number), model.CompareBool(a.UDP, b.UDP))
	})
}

// targetPort leaves out SCTP, and a port without a number, which means all.
func targetPort(p discoveryv1.EndpointPort) (model.TargetPort, bool) {
	if p.Port == nil || *p.Port < 1 || *p.Port > 65535 {
		return model.TargetPort{}, false
	}
	port := model.TargetPort{Number: uint16(*p.Port)}
	if p.Name != nil {
		port.Name = *p.Name
	}
	if p.Protocol == nil {
		return port, true
	}
	port.UDP = *p.Protocol == corev1.ProtocolUDP
	return port, port.UDP || *p.Protocol == corev1.ProtocolTCP
}

// address takes the first of an endpoint's addresses, as all others are
// fungible (discovery.k8s.io/v1, Endpoint.addresses).
func address(e *discoveryv1.Endpoint, namespace string) (model.Address, bool) {
	if len(e.Addresses) == 0 {
		return model.Address{}, false
	}
	addr, err := netip.ParseAddr(e.Addresses[0])
	if err != nil {
		return model.Address{}, false
	}
	a := model.Address{Addr: addr.Unmap(), Serve: serves(e.Conditions)}
	if ref := e.TargetRef; ref != nil && ref.Kind == "Pod" && ref.Name != "" {
		a.Pod = model.Key{Namespace: cmp.Or(ref.Namespace, namespace), Name: ref.Name}
	}
	return a, true
}

// serves tells whether new connections may go to an endpoint. Where a Service
// publishes what is not ready, the conditions say ready already.
func serves(c discoveryv1.EndpointConditions) bool {
	ready := c.Ready == nil || *c.Ready
	terminating := c.Terminating != nil && *c.Terminating
	return ready && !terminating
}
