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
)

// Names of what is injected, beside those of api/v1alpha1.
const (
	InitContainer = "weft-init"
	Volume        = "weft"
)

// ProbePrefix begins the path of every rewritten probe.
const ProbePrefix = "/weft-probe/"

// probePort answers the kubelet in the place of the application.
const probePort int32 = envoy.ProbePort
