package podnet

import (
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
)

// Names of the sets. An exclusion is an element of a set and not a rule: the
// kernel answers each rule of a transaction, and hundreds of answers do not fit
// into a socket.
const (
	setInboundTCP  = "inbound_tcp"
	setInboundUDP  = "inbound_udp"
	setOutboundTCP = "outbound_tcp"
	setOutbound4   = "outbound_ip4"
	setOutbound6   = "outbound_ip6"
)

// setSpec is a set and its elements.
type setSpec struct {
	set      *nftables.Set
	elements []nftables.SetElement
}

// sets are those that the rules look into; all of them exist, so that a rule
// can name one that is empty.
func sets(x Exclusions) []setSpec {
	v4, v6 := families(x.OutboundCIDRs)
	return []setSpec{
		{portSet(setInboundTCP), portElements(x.InboundTCP)},
		{portSet(setInboundUDP), portElements(x.InboundUDP)},
		{portSet(setOutboundTCP), portElements(x.OutboundTCP)},
		{addressSet(setOutbound4, nftables.TypeIPAddr), addressElements(v4)},
		{addressSet(setOutbound6, nftables.TypeIP6Addr), addressElements(v6)},
	}
}

func portSet(name string) *nftables.Set {
	return &nftables.Set{Name: name, KeyType: nftables.TypeInetService}
}

func addressSet(name string, key nftables.SetDatatype) *nftables.Set {
	return &nftables.Set{Name: name, KeyType: key, Interval: true}
}

func portElements(ports []uint16) []nftables.SetElement {
	var out []nftables.SetElement
	for _, p := range ports {
		out = append(out, nftables.SetElement{Key: binaryutil.BigEndian.PutUint16(p)})
	}
	return out
}

// addressElements gives each prefix its first address and the one after its
// last; a prefix that reaches the last address of all has no end.
func addressElements(prefixes []netip.Prefix) []nftables.SetElement {
	var out []nftables.SetElement
	for _, p := range prefixes {
		out = append(out, nftables.SetElement{Key: p.Addr().AsSlice()})
		if end := last(p).Next(); end.IsValid() {
			out = append(out, nftables.SetElement{Key: end.AsSlice(), IntervalEnd: true})
		}
	}
	return out
}

// last is the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for bit := p.Bits(); bit < p.Addr().BitLen(); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(bytes)
	return addr
}

func families(prefixes []netip.Prefix) (v4, v6 []netip.Prefix) {
	for _, p := range prefixes {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	return v4, v6
}
