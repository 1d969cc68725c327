package kube

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/weft-mesh/weft/translators/model"
)

func slice(change func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Namespace: "shop", Name: "web-1", Labels: map[string]string{discoveryv1.LabelServiceName: "web"}},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	change(s)
	return s
}

// Trap 44: what a Service publishes though it is not ready is ready to its callers.
// Trap 46: what is terminating takes no new connections, though it serves.
func TestWhichEndpointsServe(t *testing.T) {
	yes, no := true, false
	tests := map[string]struct {
		conditions discoveryv1.EndpointConditions
		want       bool
	}{
		"nothing said":           {discoveryv1.EndpointConditions{}, true},
		"ready":                  {discoveryv1.EndpointConditions{Ready: &yes, Serving: &yes, Terminating: &no}, true},
		"not ready":              {discoveryv1.EndpointConditions{Ready: &no, Serving: &no}, false},
		"terminating":            {discoveryv1.EndpointConditions{Ready: &no, Serving: &yes, Terminating: &yes}, false},
		"published, terminating": {discoveryv1.EndpointConditions{Ready: &yes, Serving: &yes, Terminating: &yes}, false},
		"published, not serving": {discoveryv1.EndpointConditions{Ready: &yes, Serving: &no}, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := EndpointSlice(slice(func(s *discoveryv1.EndpointSlice) {
				s.Endpoints = []discoveryv1.Endpoint{{Addresses: []string{"10.1.0.1"}, Conditions: tc.conditions}}
			}))
			if got.Endpoints[0].Serve != tc.want {
				t.Errorf("got %v, want %v", got.Endpoints[0].Serve, tc.want)
			}
		})
	}
}

func TestEndpointSlice(t *testing.T) {
	name, port, all := "http", int32(8080), int32(0)
	udp, sctp := corev1.ProtocolUDP, corev1.ProtocolSCTP
	got := EndpointSlice(slice(func(s *discoveryv1.EndpointSlice) {
		s.Ports = []discoveryv1.EndpointPort{
			{Name: &name, Port: &port}, {Port: &port, Protocol: &udp}, {Name: &name}, {Port: &all}, {Port: &port, Protocol: &sctp},
		}
		s.Endpoints = []discoveryv1.Endpoint{
			{Addresses: []string{"10.1.0.2", "10.1.0.9"}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "web-b"}},
			{Addresses: []string{"10.1.0.1"}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "web-a", Namespace: "shop"}},
			{Addresses: []string{"10.1.0.3"}, TargetRef: &corev1.ObjectReference{Kind: "Node", Name: "n"}},
			{Addresses: []string{"nonsense"}},
			{},
		}
	}))
	same(t, got, &model.EndpointSlice{
		Key:     model.Key{Namespace: "shop", Name: "web-1"},
		Service: model.Key{Namespace: "shop", Name: "web"},
		Ports:   []model.TargetPort{{Number: 8080, UDP: true}, {Name: "http", Number: 8080}},
		Endpoints: []model.Address{
			{Addr: ip("10.1.0.1"), Serve: true, Pod: model.Key{Namespace: "shop", Name: "web-a"}},
			{Addr: ip("10.1.0.2"), Serve: true, Pod: model.Key{Namespace: "shop", Name: "web-b"}},
			{Addr: ip("10.1.0.3"), Serve: true},
		},
	})
}

func TestSlicesThatAreNobodys(t *testing.T) {
	if got := EndpointSlice(slice(func(s *discoveryv1.EndpointSlice) { s.AddressType = discoveryv1.AddressTypeFQDN })); got != nil {
		t.Errorf("DNS names: got %+v", got)
	}
	if got := EndpointSlice(slice(func(s *discoveryv1.EndpointSlice) { s.Labels = nil })); got != nil {
		t.Errorf("no Service: got %+v", got)
	}
}
