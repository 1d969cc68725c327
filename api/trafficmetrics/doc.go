// Package trafficmetrics is the API group metrics.smi-spec.io as weft serves it.
//
// It owns the Go types of versions v1alpha1 and v1alpha2, which are one: the
// versions differ in the unit of latencies alone. JSON is that of the
// specification and of smi-sdk-go; fields of weft's own say so. What the values
// mean is in internal/metricsapi/report, serving them in internal/metricsapi.
//
// +kubebuilder:object:generate=true
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=io.smi-spec.metrics
// +groupName=metrics.smi-spec.io
package trafficmetrics
