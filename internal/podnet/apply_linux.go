package podnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Apply sets up the network namespace of the calling thread. It may be called
// again at any time: connections that exist stay as they are.
func Apply(ctx context.Context, c Config) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("set up pod network: %w", err)
	}
	// The address comes first: without it the rules would send the sidecar's
	// calls to its application in a circle.
	if err := addInboundSource(); err != nil {
		return err
	}
	if err := addUDPRoute(c); err != nil {
		return err
	}
	return replaceTable(c)
}

// addInboundSource gives lo the address from which the sidecar speaks IPv6 to
// its application. IPv4 needs none: all of 127.0.0.0/8 is on lo.
func addInboundSource() error {
	if !hasIPv6() {
		return nil
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	address := &netlink.Addr{
		IPNet: &net.IPNet{IP: InboundSource6.AsSlice(), Mask: net.CIDRMask(128, 128)},
		Flags: syscall.IFA_F_NODAD,
	}
	if err := netlink.AddrReplace(lo, address); err != nil {
		return fmt.Errorf("add address %s to lo: %w", InboundSource6, err)
	}
	return nil
}

// hasIPv6 tells whether the namespace's lo takes IPv6 addresses. A kernel
// without IPv6 has no such file.
func hasIPv6() bool {
	disabled, err := os.ReadFile("/proc/sys/net/ipv6/conf/lo/disable_ipv6")
	return err == nil && len(disabled) > 0 && disabled[0] == '0'
}

// replaceTable puts the table in the place of the one that is there, if any, in
// one transaction: at no moment is the pod without its rules. A kernel that keeps
// no time-outs by connection (CONFIG_NF_CONNTRACK_TIMEOUT) has the rest.
func replaceTable(c Config) error {
	err := writeTable(c, lasting())
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, os.ErrNotExist) {
		err = writeTable(c)
	}
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("replace nftables table inet %s (it takes CAP_NET_ADMIN): %w", tableName, err)
	}
	if err != nil {
		return fmt.Errorf("replace nftables table inet %s: %w", tableName, err)
	}
	return nil
}

func writeTable(c Config, first ...rule) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("open nftables: %w", err)
	}
	// Deleting fails where there is none, so it is added first.
	conn.DelTable(conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: tableName}))
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: tableName})
	if len(first) > 0 {
		conn.AddObj(timeoutPolicy(table))
	}
	for _, spec := range append(sets(c.Exclude), captureSets(c)...) {
		set := *spec.set
		set.Table = table
		if err := conn.AddSet(&set, spec.elements); err != nil {
			return fmt.Errorf("nftables set %s: %w", set.Name, err)
		}
	}
	for _, spec := range chains(c, first...) {
		chain := *spec.chain
		chain.Table = table
		conn.AddChain(&chain)
		for _, exprs := range spec.rules {
			conn.AddRule(&nftables.Rule{Table: table, Chain: &chain, Exprs: exprs})
		}
	}
	return conn.Flush()
}
