package trafficmetrics

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TrafficMetrics is the traffic of one resource in one window.
//
// +kubebuilder:object:root=true
type TrafficMetrics struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Timestamp is the end of the window.
	Timestamp metav1.Time `json:"timestamp"`
	// Window is how long it was.
	Window metav1.Duration `json:"window"`
	// Resource is whose traffic it is.
	Resource ObjectReference `json:"resource"`
	// Edge says which part of its traffic it is; all that it received where
	// the edge's resource is empty.
	Edge Edge `json:"edge"`
	// Backend is, for a TrafficSplit, the backend that the traffic went to.
	// +optional
	Backend *Backend `json:"backend,omitempty"`
	// Metrics are the values.
	// +listType=map
	// +listMapKey=name
	Metrics []Metric `json:"metrics"`
}

// TrafficMetricsList is the traffic of several resources, or all edges of one.
//
// +kubebuilder:object:root=true
type TrafficMetricsList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// Resource is what the items have in common: their kind and namespace, or
	// the resource whose edges they are.
	Resource ObjectReference `json:"resource"`
	// Selector is the label selector that the items were chosen by.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// Items are sorted by namespace and name.
	Items []TrafficMetrics `json:"items"`
}

// ObjectReference has the fields of a core/v1 ObjectReference that are used.
type ObjectReference struct {
	// +optional
	Kind string `json:"kind,omitempty"`
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// +optional
	Name string `json:"name,omitempty"`
	// +optional
	APIVersion string `json:"apiVersion,omitempty"`
}

// Direction says which way calls go, seen from the resource.
type Direction string

// The directions of an edge.
const (
	// To the other resource: the resource calls it.
	To Direction = "to"
	// From the other resource: it calls the resource.
	From Direction = "from"
)

// Side says whose sidecar counted.
type Side string

// The sides of an edge.
const (
	Client Side = "client"
	Server Side = "server"
)

// KindOutside is the kind of an edge's resource that is no part of the mesh.
const KindOutside = "Outside"

// Edge is the traffic between a resource and another.
type Edge struct {
	Direction Direction `json:"direction"`
	Side      Side      `json:"side"`
	// Resource is the other end.
	Resource ObjectReference `json:"resource"`
	// MTLS tells, for a single edge, whether both ends showed a certificate.
	// It is weft's own.
	// +optional
	MTLS *bool `json:"mtls,omitempty"`
	// Identity is the SPIFFE ID of the other end, where there is but one. It is
	// weft's own.
	// +optional
	Identity string `json:"identity,omitempty"`
}

// Backend is one backend of a TrafficSplit.
type Backend struct {
	// Apex is the Service that is called.
	Apex string `json:"apex"`
	// Name is the Service that the traffic went to.
	Name string `json:"name"`
	// Weight is what the TrafficSplit asks for.
	Weight int64 `json:"weight"`
	// Asked is the weight's share of all weights of the split, between 0 and 1.
	// It is weft's own.
	// +optional
	Asked *resource.Quantity `json:"asked,omitempty"`
	// Seen is the share of the split's traffic that went to this backend,
	// between 0 and 1; absent without traffic. It is weft's own.
	// +optional
	Seen *resource.Quantity `json:"seen,omitempty"`
}

// Names of metrics. The first five are the specification's; the others are
// weft's own.
const (
	P99Latency   = "p99_response_latency"
	P90Latency   = "p90_response_latency"
	P50Latency   = "p50_response_latency"
	SuccessCount = "success_count"
	FailureCount = "failure_count"

	// DeniedCount has all denials, the two that follow a part of them: where a
	// TrafficTarget lacks a route for the request, and where the caller showed no
	// certificate of the mesh. For the others there is no TrafficTarget.
	DeniedCount            = "denied_count"
	DeniedRouteCount       = "denied_without_route_count"
	DeniedCertificateCount = "denied_without_certificate_count"
	ConnectionCount        = "connection_count"
	// OpenConnections is how many connections were open on average.
	OpenConnections = "open_connections"
	ReceivedBytes   = "received_bytes"
	SentBytes       = "sent_bytes"
)

// Metric is one value.
type Metric struct {
	Name string `json:"name"`
	// Unit is of latencies alone: "seconds" in v1alpha1, as the specification
	// says, and "ms" in v1alpha2, as smi-sdk-go does.
	// +optional
	Unit  string            `json:"unit,omitempty"`
	Value resource.Quantity `json:"value"`
}
