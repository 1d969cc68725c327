package webhooks

// Label and annotations that a user writes.
const (
	// LabelInject on a namespace puts its pods into the mesh; on a pod, with
	// the value disabled, it keeps that pod out.
	LabelInject = "weft.mesh/inject"

	AnnotationExcludeInboundPorts  = "weft.mesh/exclude-inbound-ports"
	AnnotationExcludeOutboundPorts = "weft.mesh/exclude-outbound-ports"
	AnnotationExcludeOutboundCIDRs = "weft.mesh/exclude-outbound-cidrs"
	// AnnotationDrainSeconds is how long a container waits, once its pod is
	// being deleted, before it is told to stop.
	AnnotationDrainSeconds = "weft.mesh/drain-seconds"
	// AnnotationProxyConcurrency is the number of Envoy's worker threads.
	AnnotationProxyConcurrency = "weft.mesh/proxy-concurrency"
	// AnnotationProxyCPU is the CPU that the sidecar requests.
	AnnotationProxyCPU = "weft.mesh/proxy-cpu"
	// AnnotationProxyMemory is the sidecar's memory limit.
	AnnotationProxyMemory = "weft.mesh/proxy-memory"
)

// Annotations that the injector writes.
const (
	// AnnotationInjected holds the version of weft that injected the pod.
	AnnotationInjected = "weft.mesh/injected"
	// AnnotationProbes holds the probes as their author wrote them, as a JSON
	// list of model.Probe.
	AnnotationProbes = "weft.mesh/probes"
)

// Values of LabelInject.
const (
	InjectEnabled  = "enabled"
	InjectDisabled = "disabled"
)

// Names of what is injected.
const (
	InitContainer  = "weft-init"
	ProxyContainer = "weft-proxy"
	Volume         = "weft"
	// ProxyConfigMap is in every namespace of the mesh: Envoy's bootstrap and
	// the controller's root certificate.
	ProxyConfigMap = "weft-proxy"
	// TokenAudience is who the sidecar's token is for.
	TokenAudience = "weft"
	mountPath     = "/run/weft"
)

// Ports of the sidecar.
const (
	// readyPort answers /ready, metricsPort /stats/prometheus.
	readyPort   = 15021
	metricsPort = 15020
	// probePort answers the kubelet in the place of the application.
	probePort = 15021
	// probePrefix begins the path of every rewritten probe.
	probePrefix = "/weft-probe/"
)
