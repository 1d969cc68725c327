package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
)

// Sidecar is about the containers that a pod of the mesh gets, where neither the
// pod's annotations nor its Namespace's say else.
type Sidecar struct {
	// Proxy is what weft-proxy requests and may use. Default: 10m CPU and 64Mi of
	// memory, at most 512Mi.
	Proxy Resources `json:"proxy,omitempty"`
	// Init is the same of weft-init, which ends before weft-proxy starts. Default:
	// as Proxy.
	Init Resources `json:"init,omitempty"`
}

// Resources are amounts of cpu and memory.
type Resources struct {
	Requests corev1.ResourceList `json:"requests,omitempty"`
	Limits   corev1.ResourceList `json:"limits,omitempty"`
}
