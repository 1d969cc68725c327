package model

import (
	"net/netip"
)

// A view is all that a builder in translators/envoy may see. Two equal views
// give the same bytes; that is what makes them the cache's key. Every slice in
// a view is sorted by whoever made it (translators/resolve).

// Cluster is one port of a Service as callers reach it. The same for every
// caller in the mesh.
type Cluster struct {
	Name ServicePort
	// Address is the cluster address that callers dial, of a TCP port: their
	// connections find the cluster by it, and a Service with two has two
	// clusters. It is zero for others, which routes lead to.
	Address  netip.Addr
	Protocol Protocol
	// Identities are the service accounts that may answer: those of the pods
	// behind it. None where no meshed pod is.
	Identities  []Identity
	TrustDomain string
	// Split tells that the endpoints come in weighted groups, one for each
	// backend of a TrafficSplit on a TCP port.
	Split bool
	// Headers bound those of answers.
	Headers HeaderLimits
}

// Endpoints are where a cluster's connections go.
type Endpoints struct {
	Cluster ServicePort
	Address netip.Addr // as of the Cluster
	// Split is the TrafficSplit that the groups are of; zero without one.
	Split Key
	// Groups has one entry, or one for each backend of a TCP split.
	Groups []EndpointGroup
}

// EndpointGroup shares its weight evenly among its endpoints.
type EndpointGroup struct {
	Backend   Key
	Weight    uint32
	Endpoints []Endpoint
}

// Endpoint is one address and whether mutual TLS is spoken to it.
type Endpoint struct {
	Addr   netip.AddrPort
	Meshed bool
}

// Outbound is how requests to one HTTP port of a Service are routed. The same
// for every caller in the mesh.
type Outbound struct {
	Name ServicePort
	// Address is the cluster address that callers dial; a Service with two has
	// two views.
	Address netip.Addr
	// Routes are tried in order. The last has no match.
	Routes []OutboundRoute
}

// OutboundRoute sends what it matches to its backends.
type OutboundRoute struct {
	// Name is "split-namespace/split-name", or empty for the Service itself.
	Name string
	// Match is nil for every request.
	Match *HTTPMatch
	// Backends share the requests by weight. Where the weights sum to zero the
	// answer is 503.
	Backends []WeightedCluster
}

// WeightedCluster is one share of an OutboundRoute.
type WeightedCluster struct {
	Cluster ServicePort
	Weight  uint32
}

// UDPListener takes what is sent to one address of a UDP port of a Service. The
// same for every caller in the mesh.
type UDPListener struct {
	Name ServicePort
	// Address is the cluster address that callers send to.
	Address netip.Addr
	// Tunnel tells that datagrams go to the pods' sidecars by mutual TLS; else
	// nobody behind the Service is in the mesh, and they go as they are.
	Tunnel bool
}

// OutboundListener is what every sidecar of the mesh knows of where connections
// go. What most Services speak at a port is a rule, so that one Service more
// changes nothing here, and who may call it neither.
type OutboundListener struct {
	// Services are prefixes that hold addresses of Services alone.
	Services []netip.Prefix
	// Ports say what is spoken to Services of the mesh at a port, where most
	// addresses that have the port are theirs. At other ports they pass through.
	Ports []PortRule
	// Exceptions are the addresses of Services that are otherwise than the rule
	// of their port.
	Exceptions []AddressRule
	// Pods are prefixes that hold meshed pods. A connection into one asks the
	// control plane who is there (a DirectCluster).
	Pods   []netip.Prefix
	Egress Egress
	// IPv6 tells that the cluster has IPv6 addresses.
	IPv6 bool
	// Headers bound those of requests.
	Headers HeaderLimits
}

// PortRule is what Services of the mesh speak at a port: ProtocolHTTP for
// requests that an Outbound routes, and that are refused where there is none;
// ProtocolTCP for connections to the cluster of the address.
type PortRule struct {
	Port     uint16
	Protocol Protocol
}

// AddressRule is a PortRule for one address. ProtocolOutside leads out of the
// mesh.
type AddressRule struct {
	Addr     netip.AddrPort
	Protocol Protocol
}

// DirectCluster is a single address, asked for on demand: a pod called by its
// own address, or a mesh Service that the caller may not call.
type DirectCluster struct {
	Addr netip.AddrPort
	// Identities are who may answer, by mutual TLS; with none it is spoken to
	// in plaintext, as the address is not in the mesh.
	Identities  []Identity
	TrustDomain string
	// Closed tells that connections there are closed: it is outside of the mesh,
	// and the mesh's egress is denied.
	Closed bool
}

// Inbound is what the sidecars of a class take in.
type Inbound struct {
	TrustDomain string
	MTLS        MTLS
	// Ports are the pods' ports that a Service speaks of, by number.
	Ports []InboundPort
	// Other governs every port that no Service speaks of, as TCP.
	Other Policy
	// UDP are the pods' UDP ports that a Service speaks of, by number. One that
	// is not among them is closed.
	UDP    []InboundPort
	Probes []Probe
	IPv6   bool
	// Headers bound those of requests.
	Headers HeaderLimits
}

// InboundPort is one port of the pods.
type InboundPort struct {
	Port     uint16
	Protocol Protocol
	Policy   Policy
	// TCP is who may connect by a Service that calls the port TCP, where others
	// call it HTTP; nil where none does.
	TCP *Policy
	// Detect tells that a Service leaves it to the first bytes which of the two it
	// is. Sidecars have looked at them; plaintext is looked at here.
	Detect bool
}

// Policy says who may call. What it does not allow is denied.
type Policy struct {
	// AllowAll lets everybody in, with and without an identity.
	AllowAll bool
	// Callers are sorted by identity, one entry each.
	Callers []Caller
}

// Caller is one identity and what it may ask for.
type Caller struct {
	Identity Identity
	// Any allows every request, or on a TCP port every connection.
	Any bool
	// Routes are ORed; unused where Any is set, and on TCP ports.
	Routes []AllowedRoute
}

// AllowedRoute is a match of an HTTPRouteGroup that a TrafficTarget names.
type AllowedRoute struct {
	// Name is "group-namespace/group/match".
	Name  string
	Match HTTPMatch
}
