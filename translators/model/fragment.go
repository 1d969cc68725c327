package model

import (
	"cmp"
	"net/netip"
	"reflect"
	"time"
)

// Fragment is what weft keeps of one Kubernetes object: only what changes
// traffic, so that a change of anything else is no change at all.
type Fragment interface {
	// Ref names the object that the fragment was made of.
	Ref() Ref
}

// Equal tells whether two fragments mean the same.
func Equal(a, b Fragment) bool { return reflect.DeepEqual(a, b) }

// Access says what happens to a call that no TrafficTarget speaks of.
type Access string

// The access modes. AccessUnset leaves the choice to the next wider scope.
const (
	AccessUnset      Access = ""
	AccessEnforcing  Access = "enforcing"
	AccessPermissive Access = "permissive"
)

// MTLS says whether a server takes plaintext beside mutual TLS.
type MTLS string

// The mTLS modes.
const (
	MTLSStrict     MTLS = "strict"
	MTLSPermissive MTLS = "permissive"
)

// Egress says what happens to a call that leaves the mesh.
type Egress string

// The egress modes.
const (
	EgressAllow Egress = "allow"
	EgressDeny  Egress = "deny"
)

// Protocol is what a port speaks above TCP. It decides what can be matched
// there and which version of HTTP the application is spoken to in.
type Protocol string

// The protocols.
const (
	ProtocolTCP   Protocol = "tcp"
	ProtocolHTTP  Protocol = "http"  // HTTP/1.1 to the application, WebSocket included
	ProtocolHTTP2 Protocol = "http2" // HTTP/2 with prior knowledge, gRPC included
	ProtocolUDP   Protocol = "udp"
	// ProtocolDetect is HTTP where a connection begins so, and TCP elsewhere.
	ProtocolDetect Protocol = "detect"
	// ProtocolUndeclared is a TCP port of which the Service says nothing more:
	// policy and defaults do.
	ProtocolUndeclared Protocol = "undeclared"
	// ProtocolOutside is whatever is spoken to what is not in the mesh.
	ProtocolOutside Protocol = ""
)

// IsHTTP tells whether requests of the port can be told apart.
func (p Protocol) IsHTTP() bool { return p == ProtocolHTTP || p == ProtocolHTTP2 }

// Mesh is what a MeshConfig says that concerns traffic.
type Mesh struct {
	Name        string
	TrustDomain string
	Access      Access
	Egress      Egress
	Headers     HeaderLimits
	// DefaultProtocol is what undeclared ports speak: TCP, HTTP or detect.
	DefaultProtocol Protocol
}

// HeaderLimits bound the headers of one message. What is more is refused.
type HeaderLimits struct {
	Count     uint32
	Kilobytes uint32
}

// OrDefault has the default in place of what is not said.
func (h HeaderLimits) OrDefault() HeaderLimits {
	return HeaderLimits{Count: cmp.Or(h.Count, DefaultHeaderLimits.Count), Kilobytes: cmp.Or(h.Kilobytes, DefaultHeaderLimits.Kilobytes)}
}

// DefaultHeaderLimits hold where a MeshConfig says nothing.
var DefaultHeaderLimits = HeaderLimits{Count: 256, Kilobytes: 128}

// Ref names the MeshConfig.
func (m *Mesh) Ref() Ref { return Ref{Kind: KindMeshConfig, Key: Key{Name: m.Name}} }

// Namespace is what a Namespace's labels say.
type Namespace struct {
	Name   string
	Access Access
	MTLS   MTLS
	// DefaultProtocol is what undeclared ports of its Services speak; empty where
	// the mesh's holds.
	DefaultProtocol Protocol
	// Leaving tells that it is on its way out of the mesh: pods that are created
	// from now on get no sidecar.
	Leaving bool
}

// Ref names the Namespace.
func (n *Namespace) Ref() Ref { return Ref{Kind: KindNamespace, Key: Key{Name: n.Name}} }

// Service is a Kubernetes Service.
type Service struct {
	Key
	// Addresses are its cluster addresses, sorted; none for a headless one.
	Addresses []netip.Addr
	Headless  bool
	// ExternalName tells that it is a DNS name alone, without ports or endpoints.
	ExternalName bool
	// Ports are sorted by number, then protocol.
	Ports []Port
}

// Port is one port of a Service.
type Port struct {
	Name     string
	Number   uint16
	Protocol Protocol
	// Target is the port of the pods, where the Service selects pods and says so by
	// number; TargetName, where it says so by the name of a container's port.
	Target     uint16
	TargetName string
	// Undeclared tells that the Service says nothing of the protocol: that it was
	// decided.
	Undeclared bool
}

// Ref names the Service.
func (s *Service) Ref() Ref { return Ref{Kind: KindService, Key: s.Key} }

// EndpointSlice is a discovery.k8s.io/v1 EndpointSlice. A Service's endpoints
// are the union of its slices.
type EndpointSlice struct {
	Key
	Service Key
	// Ports maps a Service port's name to the number that the pods listen on.
	Ports     []TargetPort
	Endpoints []Address
}

// TargetPort is where the pods of a slice serve a named Service port, or where a
// pod has a port of a name.
type TargetPort struct {
	Name   string
	Number uint16
	UDP    bool
}

// Address is one endpoint of a slice.
type Address struct {
	Addr netip.Addr
	// Serve tells that new connections may go there: ready, or published
	// though not ready; never terminating.
	Serve bool
	// Pod names the pod behind it; zero where the slice names none, be it that the
	// address is outside of the cluster or that somebody wrote the slice by hand.
	Pod Key
}

// Ref names the EndpointSlice.
func (s *EndpointSlice) Ref() Ref { return Ref{Kind: KindEndpointSlice, Key: s.Key} }

// Workload is the object that a pod belongs to, as its owner names it.
type Workload struct {
	Kind string // plural and lower-case, as in SMI metrics: "deployments"
	Name string
}

// Pod is a pod. One of the host network has no Addresses here, for they are
// its node's, and is never meshed.
type Pod struct {
	Key
	Addresses []netip.Addr
	Identity  Identity
	Workload  Workload
	// Labels are what an IdentityBinding selects by.
	Labels map[string]string
	// Ports are those of its containers that have a name, sorted.
	Ports []TargetPort
	// Meshed tells that it has a weft sidecar.
	Meshed bool
	// Probes are the kubelet's probes that the sidecar answers.
	Probes []Probe
	// OpenUDP are the UDP ports that pass by its sidecar, sorted.
	OpenUDP []uint16
}

// Ref names the Pod.
func (p *Pod) Ref() Ref { return Ref{Kind: KindPod, Key: p.Key} }

// ProbeKind is the way a kubelet asks a container for its health.
type ProbeKind string

// The probes that a sidecar answers. Exec probes need none.
const (
	ProbeHTTP  ProbeKind = "http"
	ProbeHTTPS ProbeKind = "https"
	ProbeTCP   ProbeKind = "tcp"
	ProbeGRPC  ProbeKind = "grpc"
)

// Probe is one probe of a container as its author wrote it. The injector
// rewrites it to an HTTP GET of Path on the sidecar's probe port.
type Probe struct {
	// Path is the path that the kubelet asks the sidecar for; unique in a pod.
	Path string    `json:"path"`
	Kind ProbeKind `json:"kind"`
	// Port is the application's port, by number.
	Port uint16 `json:"port"`
	// Target is the path that the application is asked for (HTTP, HTTPS).
	Target string `json:"target,omitempty"`
	// Host is the Host header of the request (HTTP, HTTPS); empty for the pod's.
	Host string `json:"host,omitempty"`
	// Service is gRPC's health service name.
	Service string `json:"service,omitempty"`
	// Period is how often the kubelet asks, Timeout how long it waits.
	Period  time.Duration `json:"period"`
	Timeout time.Duration `json:"timeout"`
}

// Split is a TrafficSplit (split.smi-spec.io/v1alpha4).
type Split struct {
	Key
	// Root is the Service that clients call; it is in the split's namespace.
	Root     Key
	Backends []Backend
	// Matches names HTTPRouteGroups; their matches are ORed. Matched tells that
	// the split has them, even where none of them exists.
	Matched bool
	Matches []Key
	// Created orders the splits of one root.
	Created time.Time
}

// Backend is one destination of a split. Backends of one name were summed.
type Backend struct {
	Service Key
	Weight  uint32
	// At is where it stands first in the object's list.
	At int
}

// Ref names the TrafficSplit.
func (s *Split) Ref() Ref { return Ref{Kind: KindTrafficSplit, Key: s.Key} }

// RouteGroup is an HTTPRouteGroup (specs.smi-spec.io/v1alpha4).
type RouteGroup struct {
	Key
	Matches []NamedMatch
}

// NamedMatch is one entry of an HTTPRouteGroup.
type NamedMatch struct {
	Name string
	HTTPMatch
}

// HTTPMatch tells whether a request belongs to a route. Its parts are ANDed;
// an empty part matches all.
type HTTPMatch struct {
	// Methods are upper-case and sorted; none means every method.
	Methods []string
	// PathRegex is RE2, anchored at the start of the path only, and never sees
	// the query (specs v1alpha4, "pathRegex").
	PathRegex string
	// Headers are sorted by name; each value is a whole-value regex.
	Headers []HeaderMatch
}

// HeaderMatch is a condition on one header; several of a name must all hold.
type HeaderMatch struct {
	Name  string // lower-case; "host" is the request's authority
	Regex string
}

// Ref names the HTTPRouteGroup.
func (g *RouteGroup) Ref() Ref { return Ref{Kind: KindHTTPRouteGroup, Key: g.Key} }

// PortRoute is a TCPRoute or UDPRoute (specs.smi-spec.io/v1alpha4).
type PortRoute struct {
	Kind Kind
	Key
	// Ports are sorted; none means every port.
	Ports []uint16
}

// Ref names the route.
func (r *PortRoute) Ref() Ref { return Ref{Kind: r.Kind, Key: r.Key} }

// Target is a TrafficTarget (access.smi-spec.io/v1alpha3).
type Target struct {
	Key
	// Destination is zero where DestinationBinding names an IdentityBinding of
	// the target's namespace in its place.
	Destination        Identity
	DestinationBinding string
	// Sources are service accounts, SourceBindings IdentityBindings.
	Sources        []Identity
	SourceBindings []Key
	Rules          []TargetRule
	// Port narrows all of it to one port of the pods; 0 means every port. Only
	// access v1alpha1 and v1alpha2 can say it ("destination.port").
	Port uint16
}

// TargetRule names a route of the target's namespace.
type TargetRule struct {
	Kind Kind
	Name string
	// Matches narrows an HTTPRouteGroup to its matches of these names; none
	// means all of them.
	Matches []string
	// At is where it stands in the object's list.
	At int
}

// Ref names the TrafficTarget.
func (t *Target) Ref() Ref { return Ref{Kind: KindTrafficTarget, Key: t.Key} }
