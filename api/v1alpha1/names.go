package v1alpha1

// Labels that a user puts on a Namespace; LabelInject also on a pod, where
// InjectDisabled wins over the Namespace.
const (
	LabelInject = "weft.mesh/inject"
	LabelAccess = "weft.mesh/access"
	LabelMTLS   = "weft.mesh/mtls"
	// LabelDefaultProtocol says what ports of its Services speak that nothing
	// declares.
	LabelDefaultProtocol = "weft.mesh/default-protocol"
)

// Values of the labels.
const (
	InjectEnabled  = "enabled"
	InjectDisabled = "disabled"

	MTLSStrict     = "strict"
	MTLSPermissive = "permissive"

	// Of LabelDefaultProtocol, and of the MeshConfig's defaultProtocol.
	ProtocolTCP    = "tcp"
	ProtocolHTTP   = "http"
	ProtocolDetect = "detect"
)

// Annotations of a pod. The first four are a user's, the others the injector's.
const (
	AnnotationExcludeInboundPorts  = "weft.mesh/exclude-inbound-ports"
	AnnotationExcludeOutboundPorts = "weft.mesh/exclude-outbound-ports"
	AnnotationExcludeOutboundCIDRs = "weft.mesh/exclude-outbound-cidrs"
	AnnotationDrainSeconds         = "weft.mesh/drain-seconds"

	AnnotationProbes             = "weft.mesh/probes"
	AnnotationApplicationMetrics = "weft.mesh/application-metrics"
	AnnotationInjected           = "weft.mesh/injected"
)

// AnnotationCABundle on an APIService has weft keep its caBundle: that of the CA
// in force.
const (
	AnnotationCABundle = "weft.mesh/ca-bundle"
	CABundleKeep       = "keep"
)

// Names of what weft keeps in a cluster.
const (
	// MeshConfigName is the name of the one MeshConfig that is in force.
	MeshConfigName = "weft"
	// SystemNamespace is where weft itself runs.
	SystemNamespace = "weft-system"
	// ProxyContainer is the init container that makes a pod a member.
	ProxyContainer = "weft-proxy"
	// ProxyConfigMap holds what a sidecar starts from, in every namespace of
	// the mesh.
	ProxyConfigMap = "weft-proxy"
	// CASecret holds the certificate authority, in the SystemNamespace.
	CASecret = "weft-ca"
	// MetricsService is asked for metrics.smi-spec.io, MetricsSecret has its
	// serving certificate, both in the SystemNamespace.
	MetricsService = "weft-metrics"
	MetricsSecret  = "weft-metrics-serving"
)
