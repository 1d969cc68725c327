package envoy

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/weft-mesh/weft/translators/model"
)

// Listeners.
const (
	OutboundListenerName = "outbound"
	InboundListenerName  = "inbound"
	ProbesListenerName   = "probes"
	// DetectListenerName is within the sidecar, where some port's protocol is
	// detected.
	DetectListenerName = "detect"
)

// Ports of the sidecar in its pod. 15000 to 15099 are never redirected.
const (
	AdminPort    = 15000
	OutboundPort = 15001
	InboundPort  = 15006
	MetricsPort  = 15020
	// ReadyPort answers ReadyPath before any configuration has come.
	ReadyPort = 15021
	// ProbePort answers the kubelet in the application's place.
	ProbePort = 15022
)

// ReadyPath tells whether the sidecar has its configuration.
const ReadyPath = "/ready"

// Secrets, by names that are the same for every proxy: the stream's proven
// identity decides what they hold.
const (
	WorkloadSecret = "workload"
	RootsSecret    = "roots"
)

// Headers that weft sets within the mesh. Applications see none of them.
const (
	// DestinationHeader is the address that the caller dialled.
	DestinationHeader = "x-weft-dst"
	// PathHeader is the path without its query.
	PathHeader = "x-weft-path"
	// LevelPathHeader is the same, of requests whose path has no dot segments in any
	// reading. Others do not have it.
	LevelPathHeader = "x-weft-level-path"
	// UnprocessedHeader tells the caller's sidecar that the application never
	// saw the request.
	UnprocessedHeader = "x-weft-unprocessed"
)

// Clusters that every proxy has.
const (
	PassthroughCluster  = "passthrough"
	DetectCluster       = "detect"
	InboundHTTPCluster  = "inbound|http"
	InboundHTTP2Cluster = "inbound|http2"
	InboundTCPCluster   = "inbound|tcp"
	InboundUDPCluster   = "inbound|udp"
)

// What a sidecar offers in its handshake, which tells the other what comes: HTTP,
// connections, or streams that carry the datagrams of a UDP port. No protocol is
// agreed on, so that a server's sidecar sees by the first bytes which HTTP it is.
var (
	alpnsOfHTTP = []string{"weft-http", "weft"}
	alpnsOfTCP  = []string{"weft"}
	alpnsOfUDP  = []string{"weft-udp"}
)

const udpSuffix = "|udp"

// ClusterName is "outbound|namespace/service|port", and "|udp" for a UDP port.
func ClusterName(p model.ServicePort) string {
	name := "outbound|" + p.Service.Namespace + "/" + p.Service.Name + "|" + strconv.Itoa(int(p.Port))
	if p.UDP {
		name += udpSuffix
	}
	return name
}

// NameOf is the name of a Service's cluster: that of the address, where
// connections find it by that.
func NameOf(c model.Cluster) string {
	if c.Address.IsValid() {
		return DirectName(netip.AddrPortFrom(c.Address, c.Name.Port))
	}
	return ClusterName(c.Name)
}

// ParseClusterName reads what ClusterName wrote.
func ParseClusterName(name string) (model.ServicePort, bool) {
	rest, udp := strings.CutSuffix(name, udpSuffix)
	parts := strings.Split(rest, "|")
	if len(parts) != 3 || parts[0] != "outbound" {
		return model.ServicePort{}, false
	}
	ns, svc, ok := strings.Cut(parts[1], "/")
	var port uint16
	if _, err := fmt.Sscanf(parts[2], "%d", &port); err != nil || !ok {
		return model.ServicePort{}, false
	}
	p := model.ServicePort{Service: model.Key{Namespace: ns, Name: svc}, Port: port, UDP: udp}
	return p, ClusterName(p) == name
}

// ScopeName is the key of a Service's routes: the address as Envoy prints it.
func ScopeName(a netip.AddrPort) string { return a.String() }

// InboundRouteName is "inbound|port".
func InboundRouteName(port uint16) string { return fmt.Sprintf("inbound|%d", port) }

// InboundUDPRouteName is "inbound|port|udp".
func InboundUDPRouteName(port uint16) string { return InboundRouteName(port) + udpSuffix }

// UDPListenerName is "udp|address:port", the address that callers send to.
func UDPListenerName(a netip.AddrPort) string { return "udp|" + a.String() }

const directPrefix = "direct|"

// DirectName is the cluster of one address, asked for on demand.
func DirectName(a netip.AddrPort) string { return directPrefix + a.String() }

// ParseDirectName reads what DirectName wrote.
func ParseDirectName(name string) (netip.AddrPort, bool) {
	rest, ok := strings.CutPrefix(name, directPrefix)
	if !ok {
		return netip.AddrPort{}, false
	}
	a, err := netip.ParseAddrPort(rest)
	return a, err == nil && a.String() == rest
}
