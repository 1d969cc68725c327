package podnet

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// maxExclusions bounds each list: every entry is a rule that every first packet
// of a connection meets.
const maxExclusions = 128

// Spec is what a pod excludes as its author writes it, each a list separated by
// commas.
type Spec struct {
	InboundPorts  string
	OutboundPorts string
	OutboundCIDRs string
}

// Fields of a Spec, as a FieldError names them.
const (
	FieldInboundPorts  = "inbound-ports"
	FieldOutboundPorts = "outbound-ports"
	FieldOutboundCIDRs = "outbound-cidrs"
)

// FieldError is a mistake in one field of a Spec.
type FieldError struct {
	Field string
	// Value is the whole list, Err what is wrong with which of its entries.
	Value string
	Err   error
}

// Error gives field, value and mend.
func (e *FieldError) Error() string { return fmt.Sprintf("exclude %s %q: %v", e.Field, e.Value, e.Err) }

// Unwrap gives what is wrong with the value.
func (e *FieldError) Unwrap() error { return e.Err }

// Parse reads a Spec. Its error is a *FieldError.
func Parse(s Spec) (Exclusions, error) {
	var x Exclusions
	var err error
	if x.InboundTCP, x.InboundUDP, err = parsePorts(s.InboundPorts); err != nil {
		return Exclusions{}, &FieldError{FieldInboundPorts, s.InboundPorts, err}
	}
	if x.OutboundTCP, x.OutboundUDP, err = parsePorts(s.OutboundPorts); err != nil {
		return Exclusions{}, &FieldError{FieldOutboundPorts, s.OutboundPorts, err}
	}
	if x.OutboundCIDRs, err = ParseCIDRs(s.OutboundCIDRs); err != nil {
		return Exclusions{}, &FieldError{FieldOutboundCIDRs, s.OutboundCIDRs, err}
	}
	return x, nil
}

// Spec gives the lists in their one canonical spelling; Parse reads it back.
func (x Exclusions) Spec() Spec {
	return Spec{printPorts(x.InboundTCP, x.InboundUDP), printPorts(x.OutboundTCP, x.OutboundUDP), PrintCIDRs(x.OutboundCIDRs)}
}

func printPorts(tcp, udp []uint16) string {
	var out []string
	for _, p := range tcp {
		out = append(out, strconv.Itoa(int(p))+"/tcp")
	}
	for _, p := range udp {
		out = append(out, strconv.Itoa(int(p))+"/udp")
	}
	return strings.Join(out, ",")
}

// PrintCIDRs writes what ParseCIDRs reads.
func PrintCIDRs(prefixes []netip.Prefix) string {
	var out []string
	for _, p := range prefixes {
		out = append(out, p.String())
	}
	return strings.Join(out, ",")
}

// parsePorts reads "9100,53/udp": a bare number means TCP and UDP.
func parsePorts(list string) (tcp, udp []uint16, err error) {
	entries, err := split(list)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		number, protocol, _ := strings.Cut(entry, "/")
		port, err := parsePort(entry, number)
		if err != nil {
			return nil, nil, err
		}
		isTCP, isUDP, err := parseProtocol(entry, protocol)
		if err != nil {
			return nil, nil, err
		}
		if isTCP {
			tcp = append(tcp, port)
		}
		if isUDP {
			udp = append(udp, port)
		}
	}
	return sorted(tcp), sorted(udp), nil
}

func parsePort(entry, number string) (uint16, error) {
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is no port; write a number from 1 to 65535, or one with /tcp or /udp, as in 9100,53/udp", entry)
	}
	return uint16(n), nil
}

func parseProtocol(entry, protocol string) (tcp, udp bool, err error) {
	switch strings.ToLower(protocol) {
	case "":
		if strings.HasSuffix(entry, "/") {
			break
		}
		return true, true, nil
	case "tcp":
		return true, false, nil
	case "udp":
		return false, true, nil
	}
	return false, false, fmt.Errorf("%q names no protocol; write /tcp, /udp, or the number alone for both", entry)
}

// ParseCIDRs reads "10.0.0.0/8,fd00::1" into disjoint prefixes. A bare address
// is a prefix of its full length.
func ParseCIDRs(list string) ([]netip.Prefix, error) {
	entries, err := split(list)
	if err != nil {
		return nil, err
	}
	var prefixes []netip.Prefix
	for _, entry := range entries {
		prefix, err := parseCIDR(entry)
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, prefix)
	}
	return disjoint(prefixes), nil
}

func parseCIDR(entry string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(entry); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(entry)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address range; write it as in 192.0.2.0/24,2001:db8::/32", entry)
	}
	if prefix.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%q is IPv4 written as IPv6; write it as IPv4", entry)
	}
	if prefix != prefix.Masked() {
		return netip.Prefix{}, fmt.Errorf("%q has bits beyond its length; did you mean %s?", entry, prefix.Masked())
	}
	return prefix, nil
}

// disjoint sorts prefixes and drops those that lie within another.
func disjoint(prefixes []netip.Prefix) []netip.Prefix {
	slices.SortFunc(prefixes, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	var kept []netip.Prefix
	for _, p := range prefixes {
		if n := len(kept); n > 0 && kept[n-1].Overlaps(p) {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

func split(list string) ([]string, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	entries := strings.Split(list, ",")
	if len(entries) > maxExclusions {
		return nil, fmt.Errorf("%d entries; at most %d are taken, so write wider ranges or leave the pod out of the mesh", len(entries), maxExclusions)
	}
	for i, entry := range entries {
		if entries[i] = strings.TrimSpace(entry); entries[i] == "" {
			return nil, fmt.Errorf("entry %d is empty; remove the extra comma", i+1)
		}
	}
	return entries, nil
}

func sorted(ports []uint16) []uint16 {
	slices.Sort(ports)
	return slices.Compact(ports)
}
