package podnet

import (
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

const tableName = "weft"

// rule is the conditions of a rule and then what it does.
type rule []expr.Any

// chainSpec is a chain and its rules, in order.
type chainSpec struct {
	chain *nftables.Chain
	rules []rule
}

// chains are the whole table. The nat chains see the first packet of every
// connection; what they decide holds for all of it. What first they decide before
// anything else is in both.
func chains(c Config, first ...rule) []chainSpec {
	return []chainSpec{
		{baseChain("output", nftables.ChainTypeNAT, nftables.ChainHookOutput, nftables.ChainPriorityNATDest), slices.Concat(first, outputRules(c))},
		{baseChain("prerouting", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest), slices.Concat(first, preroutingRules(c))},
		{baseChain("input", nftables.ChainTypeFilter, nftables.ChainHookInput, nftables.ChainPriorityFilter), inputRules(c)},
	}
}

func baseChain(name string, kind nftables.ChainType, hook *nftables.ChainHook, priority *nftables.ChainPriority) *nftables.Chain {
	accept := nftables.ChainPolicyAccept
	return &nftables.Chain{Name: name, Type: kind, Hooknum: hook, Priority: priority, Policy: &accept}
}

// outputRules lead what the pod sends.
func outputRules(c Config) []rule {
	proxy := skuid(c.ProxyUID)
	rules := []rule{
		// The sidecar to its own application.
		all(proxy, saddr(InboundSource4), verdict(expr.VerdictReturn)),
		all(proxy, saddr(InboundSource6), verdict(expr.VerdictReturn)),
		// The pod to itself through a Service: the sidecar has picked the pod's
		// own address, and the call is to be judged as any other that comes in.
		all(proxy, oifLo(), not(daddr(loopback4)), syn(), redirect(c.InboundPort)),
		all(proxy, oifLo(), not(daddr(loopback6)), syn(), redirect(c.InboundPort)),
		all(proxy, verdict(expr.VerdictReturn)),
		all(oifLo(), verdict(expr.VerdictReturn)),
	}
	if len(c.Exclude.OutboundTCP) > 0 {
		rules = append(rules, all(tcp(), dportIn(setOutboundTCP), verdict(expr.VerdictReturn)))
	}
	if v4, v6 := families(c.Exclude.OutboundCIDRs); len(v4) > 0 || len(v6) > 0 {
		rules = append(rules, all(daddrIn(setOutbound4, unix.NFPROTO_IPV4), verdict(expr.VerdictReturn)),
			all(daddrIn(setOutbound6, unix.NFPROTO_IPV6), verdict(expr.VerdictReturn)))
	}
	rules = append(rules, nameserverRules()...)
	rules = append(rules, captureRules(c)...)
	return append(rules, all(syn(), redirect(c.OutboundPort)))
}

// preroutingRules lead what is sent to the pod.
func preroutingRules(c Config) []rule {
	rules := []rule{
		all(iifLo(), verdict(expr.VerdictReturn)),
		all(tcp(), dportRange(FirstReservedPort, LastReservedPort), verdict(expr.VerdictReturn)),
	}
	if len(c.Exclude.InboundTCP) > 0 {
		rules = append(rules, all(tcp(), dportIn(setInboundTCP), verdict(expr.VerdictReturn)))
	}
	return append(rules, all(syn(), redirect(c.InboundPort)))
}

// inputRules close the pod to UDP, which carries no identity. Answers to what
// the pod asked come in.
func inputRules(c Config) []rule {
	rules := []rule{all(iifLo(), verdict(expr.VerdictAccept))}
	if len(c.Exclude.InboundUDP) > 0 {
		rules = append(rules, all(udp(), dportIn(setInboundUDP), verdict(expr.VerdictAccept)))
	}
	return append(rules, all(udp(), ctState(expr.CtStateBitNEW|expr.CtStateBitINVALID), rule{&expr.Counter{}}, verdict(expr.VerdictDrop)))
}

var (
	loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	loopback6 = netip.IPv6Loopback()
)

func all(parts ...rule) rule {
	var out rule
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func cmpEq(data []byte) *expr.Cmp { return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data} }

// not turns round the last comparison of an address; that of its family stays.
func not(r rule) rule {
	last := *r[len(r)-1].(*expr.Cmp)
	last.Op = expr.CmpOpNeq
	return append(r[:len(r)-1:len(r)-1], &last)
}

func skuid(uid uint32) rule {
	return rule{&expr.Meta{Key: expr.MetaKeySKUID, Register: 1}, cmpEq(binaryutil.NativeEndian.PutUint32(uid))}
}

func oifLo() rule {
	return rule{&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1}, cmpEq(interfaceName("lo"))}
}

func iifLo() rule {
	return rule{&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1}, cmpEq(interfaceName("lo"))}
}

func interfaceName(name string) []byte {
	padded := make([]byte, unix.IFNAMSIZ)
	copy(padded, name)
	return padded
}

func tcp() rule { return l4proto(unix.IPPROTO_TCP) }
func udp() rule { return l4proto(unix.IPPROTO_UDP) }

func l4proto(protocol byte) rule {
	return rule{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, cmpEq([]byte{protocol})}
}

// syn matches what begins a TCP connection. Other packets that the kernel does
// not know are of one that was not redirected, and that it has forgotten.
func syn() rule {
	const flags, bit = 13, 0x02
	return append(tcp(),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: flags, Len: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 1, Mask: []byte{bit}, Xor: []byte{0}},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: []byte{0}})
}

// dportIn matches the port of what l4proto has matched.
func dportIn(set string) rule {
	return rule{loadDport(), &expr.Lookup{SourceRegister: 1, SetName: set}}
}

func dportRange(first, last uint16) rule {
	return rule{loadDport(), &expr.Range{
		Op: expr.CmpOpEq, Register: 1, FromData: binaryutil.BigEndian.PutUint16(first), ToData: binaryutil.BigEndian.PutUint16(last),
	}}
}

func loadDport() *expr.Payload {
	return &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2}
}

// Where the addresses stand in the headers of IPv4 (RFC 791) and IPv6
// (RFC 8200).
const (
	saddr4, daddr4 = 12, 16
	saddr6, daddr6 = 8, 24
)

func saddr(a netip.Addr) rule { return append(load(a.BitLen(), saddr4, saddr6), cmpEq(a.AsSlice())) }

func daddr(a netip.Addr) rule { return append(load(a.BitLen(), daddr4, daddr6), cmpEq(a.AsSlice())) }

// daddrIn matches addresses of one family.
func daddrIn(set string, family byte) rule {
	bits := 32
	if family == unix.NFPROTO_IPV6 {
		bits = 128
	}
	return append(load(bits, daddr4, daddr6), &expr.Lookup{SourceRegister: 1, SetName: set})
}

// load matches the family whose addresses have so many bits, and takes one.
func load(bits int, offset4, offset6 uint32) rule {
	family, offset := byte(unix.NFPROTO_IPV4), offset4
	if bits == 128 {
		family, offset = unix.NFPROTO_IPV6, offset6
	}
	return rule{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1}, cmpEq([]byte{family}),
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: uint32(bits / 8)},
	}
}

func ctState(bits uint32) rule {
	return rule{
		&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binaryutil.NativeEndian.PutUint32(bits), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	}
}

func redirect(port uint16) rule {
	return rule{
		&expr.Immediate{Register: 1, Data: binaryutil.BigEndian.PutUint16(port)},
		&expr.Redir{RegisterProtoMin: 1},
	}
}

func verdict(kind expr.VerdictKind) rule { return rule{&expr.Verdict{Kind: kind}} }
