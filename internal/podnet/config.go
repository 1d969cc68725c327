package podnet

import (
	"net/netip"
)

// What the sidecar, the redirection and the injector agree on.
const (
	// ProxyUID is the user that the sidecar runs as. What it sends is not
	// redirected.
	ProxyUID uint32 = 15000
	// OutboundPort takes what the pod sends.
	OutboundPort uint16 = 15001
	// InboundPort takes what is sent to the pod.
	InboundPort uint16 = 15006
	// FirstReservedPort to LastReservedPort belong to the sidecar itself; they
	// are never redirected.
	FirstReservedPort uint16 = 15000
	LastReservedPort  uint16 = 15099
)

// The addresses from which the sidecar speaks to its own application. They tell
// such a connection from one of a pod that calls itself through its Service.
var (
	InboundSource4 = netip.AddrFrom4([4]byte{127, 0, 0, 6})
	InboundSource6 = netip.AddrFrom16([16]byte{15: 6})
)

// Config says what is redirected where.
type Config struct {
	ProxyUID     uint32
	OutboundPort uint16
	InboundPort  uint16
	// Exclude is left alone.
	Exclude Exclusions
	// ServiceCIDRs hold the cluster's Service addresses: UDP that the pod sends
	// there is led to its sidecar. With none, no UDP is. Sorted, disjoint.
	ServiceCIDRs []netip.Prefix
	// Nameservers are asked past the sidecar, over UDP and TCP.
	Nameservers []netip.Addr
}

// Exclusions are what a pod's author keeps away from the sidecar. The zero
// value excludes nothing.
type Exclusions struct {
	// InboundTCP and InboundUDP are ports of the pod, sorted.
	InboundTCP, InboundUDP []uint16
	// OutboundTCP and OutboundUDP are ports that the pod calls, sorted.
	OutboundTCP, OutboundUDP []uint16
	// OutboundCIDRs are addresses that the pod calls: sorted, disjoint.
	OutboundCIDRs []netip.Prefix
}

// NewConfig is the configuration of every pod in the mesh but for what it
// excludes.
func NewConfig(exclude Exclusions) Config {
	return Config{ProxyUID: ProxyUID, OutboundPort: OutboundPort, InboundPort: InboundPort, Exclude: exclude}
}

// RedirectsInbound tells whether a TCP connection to the pod's port reaches the
// sidecar.
func (c Config) RedirectsInbound(port uint16) bool {
	if port >= FirstReservedPort && port <= LastReservedPort {
		return false
	}
	for _, p := range c.Exclude.InboundTCP {
		if p == port {
			return false
		}
	}
	return true
}

// Flags of `weft init`, as the injector writes them.
const (
	FlagExcludeInboundPorts  = "exclude-" + FieldInboundPorts
	FlagExcludeOutboundPorts = "exclude-" + FieldOutboundPorts
	FlagExcludeOutboundCIDRs = "exclude-" + FieldOutboundCIDRs
	FlagServiceCIDRs         = "service-cidrs"
)
