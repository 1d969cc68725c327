package trafficmetrics

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group.
const GroupName = "metrics.smi-spec.io"

// The versions that are served.
var (
	V1Alpha1 = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}
	V1Alpha2 = schema.GroupVersion{Group: GroupName, Version: "v1alpha2"}
)

// AddToScheme registers the types in both versions, and as what they are
// served from.
func AddToScheme(scheme *runtime.Scheme) error {
	internal := schema.GroupVersion{Group: GroupName, Version: runtime.APIVersionInternal}
	for _, version := range []schema.GroupVersion{V1Alpha1, V1Alpha2, internal} {
		scheme.AddKnownTypes(version, &TrafficMetrics{}, &TrafficMetricsList{})
		if version != internal {
			metav1.AddToGroupVersion(scheme, version)
		}
	}
	return scheme.SetVersionPriority(V1Alpha1, V1Alpha2)
}
