package controllers

import (
	"slices"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

func TestReplicas(t *testing.T) {
	slice := func(name, service string, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Namespace: "weft-system", Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: service}},
			Endpoints:  endpoints,
		}
	}
	at := func(serving *bool, addresses ...string) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{Addresses: addresses, Conditions: discoveryv1.EndpointConditions{Serving: serving}}
	}
	reader := fake.NewClientBuilder().WithObjects(
		slice("a", "weft-controller", at(nil, "10.0.0.3"), at(ptr.To(true), "10.0.0.1"), at(ptr.To(false), "10.0.0.9")),
		slice("b", "weft-controller", at(nil, "10.0.0.3"), at(nil, "10.0.0.2"), at(nil, "fd00::1")),
		slice("c", "other", at(nil, "10.0.0.8")),
	).Build()
	got := Replicas(reader, client.ObjectKey{Namespace: "weft-system", Name: "weft-controller"}, "10.0.0.2", 15014)()
	if want := []string{"10.0.0.1:15014", "10.0.0.3:15014", "[fd00::1]:15014"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
