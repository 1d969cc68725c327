package webhooks

import (
	"github.com/weft-mesh/weft/translators/envoy"
)

// Annotations of a pod that concern the injector alone.
const (
	// AnnotationProxyConcurrency is the number of Envoy's worker threads.
	AnnotationProxyConcurrency = "weft.mesh/proxy-concurrency"
	// AnnotationProxyCPU is the CPU that the sidecar requests.
	AnnotationProxyCPU = "weft.mesh/proxy-cpu"
	// AnnotationProxyMemory is the sidecar's memory limit.
	AnnotationProxyMemory = "weft.mesh/proxy-memory"
	// AnnotationParts is the injector's own.
	AnnotationParts = "weft.mesh/parts"
)

// Annotations of a pod or of its namespace: what the two containers request, and
// may use at most.
const (
	AnnotationProxyCPURequest    = "weft.mesh/proxy-cpu-request"
	AnnotationProxyCPULimit      = "weft.mesh/proxy-cpu-limit"
	AnnotationProxyMemoryRequest = "weft.mesh/proxy-memory-request"
	AnnotationProxyMemoryLimit   = "weft.mesh/proxy-memory-limit"
	AnnotationInitCPURequest     = "weft.mesh/init-cpu-request"
	AnnotationInitCPULimit       = "weft.mesh/init-cpu-limit"
	AnnotationInitMemoryRequest  = "weft.mesh/init-memory-request"
	AnnotationInitMemoryLimit    = "weft.mesh/init-memory-limit"
)

// shortForms mean the same as the long ones, which win.
var shortForms = map[string]string{AnnotationProxyCPU: AnnotationProxyCPURequest, AnnotationProxyMemory: AnnotationProxyMemoryLimit}

// Names of what is injected, beside those of api/v1alpha1.
const (
	InitContainer = "weft-init"
	Volume        = "weft"
)

// ProbePrefix begins the path of every rewritten probe.
const ProbePrefix = "/weft-probe/"

// probePort answers the kubelet in the place of the application.
const probePort int32 = envoy.ProbePort
