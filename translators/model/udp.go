package model

import "net/netip"

// A pod's UDP to a cluster address is led to an address of its own loopback,
// where its sidecar listens: nothing else can answer in the Service's name
// without a capability. `weft init` computes it packet by packet, so it is a
// function of address and port, of single bits; ports move out of the way of
// what applications bind (16384 to 32767, below the ephemeral ones).
const (
	udpPortMask, udpPortBits = 0x3fff, 0x4000
)

// UDPPrefix6 holds the addresses that UDP to IPv6 cluster addresses is led to:
// lo has one loopback address of IPv6, and takes these by a local route.
var UDPPrefix6 = netip.MustParsePrefix("fd6d:6573:6800::/64")

// UDPMapping is what is done with an address or a port: bits are kept, and set.
type UDPMapping struct{ Keep, Set []byte }

// UDPMappings are those of IPv4 and IPv6 addresses, and of ports.
func UDPMappings() (v4, v6, port UDPMapping) {
	v4 = UDPMapping{Keep: []byte{0, 255, 255, 255}, Set: []byte{127, 0, 0, 0}}
	keep := make([]byte, 16)
	for i := 8; i < 16; i++ {
		keep[i] = 255
	}
	v6 = UDPMapping{Keep: keep, Set: UDPPrefix6.Addr().AsSlice()}
	port = UDPMapping{Keep: []byte{udpPortMask >> 8, udpPortMask & 255}, Set: []byte{udpPortBits >> 8, udpPortBits & 255}}
	return v4, v6, port
}

// UDPBind is where the sidecar listens for what is sent to a cluster address.
// Two addresses may share one: see docs/limits.md.
func UDPBind(a netip.AddrPort) netip.AddrPort {
	v4, v6, _ := UDPMappings()
	m := v4
	if a.Addr().Is6() {
		m = v6
	}
	b := a.Addr().AsSlice()
	for i := range b {
		b[i] = b[i]&m.Keep[i] | m.Set[i]
	}
	addr, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(addr, a.Port()&udpPortMask|udpPortBits)
}
