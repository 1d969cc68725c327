package podnet

import (
	"fmt"
	"net"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/weft-mesh/weft/translators/model"
)

// Names of the sets that captured UDP, and DNS, is looked up in.
const (
	setOutboundUDP = "outbound_udp"
	setServices4   = "services_ip4"
	setServices6   = "services_ip6"
	setNameserver4 = "nameservers_ip4"
	setNameserver6 = "nameservers_ip6"
)

const dnsPort = 53

// captureSets are those of nameserverRules and captureRules.
func captureSets(c Config) []setSpec {
	services4, services6 := families(c.ServiceCIDRs)
	var names4, names6 []nftables.SetElement
	for _, a := range c.Nameservers {
		if a.Is4() {
			names4 = append(names4, nftables.SetElement{Key: a.AsSlice()})
		} else {
			names6 = append(names6, nftables.SetElement{Key: a.AsSlice()})
		}
	}
	return []setSpec{
		{portSet(setOutboundUDP), portElements(c.Exclude.OutboundUDP)},
		{addressSet(setServices4, nftables.TypeIPAddr), addressElements(services4)},
		{addressSet(setServices6, nftables.TypeIP6Addr), addressElements(services6)},
		{&nftables.Set{Name: setNameserver4, KeyType: nftables.TypeIPAddr}, names4},
		{&nftables.Set{Name: setNameserver6, KeyType: nftables.TypeIP6Addr}, names6},
	}
}

// nameserverRules let the pod's questions to its own nameservers pass, over TCP
// and UDP: those must not depend on a sidecar.
func nameserverRules() []rule {
	var rules []rule
	for _, protocol := range []rule{tcp(), udp()} {
		rules = append(rules,
			all(protocol, dportRange(dnsPort, dnsPort), daddrIn(setNameserver4, unix.NFPROTO_IPV4), verdict(expr.VerdictReturn)),
			all(protocol, dportRange(dnsPort, dnsPort), daddrIn(setNameserver6, unix.NFPROTO_IPV6), verdict(expr.VerdictReturn)))
	}
	return rules
}

// captureRules lead UDP that the pod sends to cluster addresses to its sidecar.
func captureRules(c Config) []rule {
	if len(c.ServiceCIDRs) == 0 {
		return nil
	}
	to4, to6, toPort := model.UDPMappings()
	rules := []rule{all(udp(), dportIn(setOutboundUDP), verdict(expr.VerdictReturn))}
	v4, v6 := families(c.ServiceCIDRs)
	if len(v4) > 0 {
		rules = append(rules, all(udp(), daddrIn(setServices4, unix.NFPROTO_IPV4), mapped(unix.NFPROTO_IPV4, daddr4, to4, toPort)))
	}
	if len(v6) > 0 {
		rules = append(rules, all(udp(), daddrIn(setServices6, unix.NFPROTO_IPV6), mapped(unix.NFPROTO_IPV6, daddr6, to6, toPort)))
	}
	return rules
}

// mapped computes a packet's new destination from the one that it has.
func mapped(family byte, offset uint32, address, port model.UDPMapping) rule {
	size := uint32(len(address.Keep))
	dport := loadDport()
	dport.DestRegister = 2
	return rule{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: size, Mask: address.Keep, Xor: address.Set},
		dport,
		&expr.Bitwise{SourceRegister: 2, DestRegister: 2, Len: 2, Mask: port.Keep, Xor: port.Set},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: uint32(family), RegAddrMin: 1, RegProtoMin: 2},
	}
}

// addUDPRoute makes the addresses that UDP to IPv6 cluster addresses is led to
// the pod's own. IPv4 needs none: all of 127.0.0.0/8 is on lo.
func addUDPRoute(c Config) error {
	if _, v6 := families(c.ServiceCIDRs); len(v6) == 0 || !hasIPv6() {
		return nil
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	p := model.UDPPrefix6
	route := &netlink.Route{
		LinkIndex: lo.Attrs().Index, Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL,
		Dst: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())},
	}
	if err := netlink.RouteReplace(route); err != nil {
		return fmt.Errorf("route %s to lo: %w", p, err)
	}
	return nil
}
