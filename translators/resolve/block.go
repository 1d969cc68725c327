package resolve

import (
	"maps"
	"math/bits"
	"net/netip"
	"slices"
)

// block is the addresses of Services in one of the widest ranges that a cluster
// may have them in (20 bits; Kubernetes' --service-cluster-ip-range). What lies
// between two of them is no other's: Services' ranges overlap with nothing.
type block struct {
	addrs  set[netip.Addr]
	lo, hi netip.Addr
}

const widest = 20

func blockOf(a netip.Addr) netip.Prefix {
	p, _ := a.Prefix(a.BitLen() - widest)
	return p
}

// putAddress adds or removes an address of a Service, and tells whether another
// prefix holds them all now.
func (s *spoken) putAddress(a netip.Addr, in bool) bool {
	key := blockOf(a)
	b := s.blocks[key]
	if b == nil {
		b = &block{addrs: set[netip.Addr]{}}
		s.blocks[key] = b
	}
	was := b.prefix()
	if in {
		b.add(a)
	} else {
		b.remove(a)
	}
	if len(b.addrs) == 0 {
		delete(s.blocks, key)
	}
	return b.prefix() != was
}

func (b *block) add(a netip.Addr) {
	b.addrs.add(a)
	if !b.lo.IsValid() || a.Less(b.lo) {
		b.lo = a
	}
	if !b.hi.IsValid() || b.hi.Less(a) {
		b.hi = a
	}
}

func (b *block) remove(a netip.Addr) {
	delete(b.addrs, a)
	if a != b.lo && a != b.hi {
		return
	}
	b.lo, b.hi = netip.Addr{}, netip.Addr{}
	for a := range b.addrs {
		b.add(a)
	}
}

// prefix is the longest that holds all of a block; invalid for none.
func (b *block) prefix() netip.Prefix {
	if !b.lo.IsValid() {
		return netip.Prefix{}
	}
	lo, hi := b.lo.As16(), b.hi.As16()
	same := 0
	for i := range lo {
		if x := lo[i] ^ hi[i]; x != 0 {
			same = i*8 + bits.LeadingZeros8(x)
			break
		}
		same = (i + 1) * 8
	}
	p, _ := b.lo.Prefix(same - (128 - b.lo.BitLen()))
	return p
}

func (s *spoken) prefixes() []netip.Prefix {
	var ps []netip.Prefix
	for b := range maps.Values(s.blocks) {
		ps = append(ps, b.prefix())
	}
	slices.SortFunc(ps, netip.Prefix.Compare)
	return ps
}
