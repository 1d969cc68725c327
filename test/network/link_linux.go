package network

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// bridgeName is the bridge of a namespace that others are cabled to.
const bridgeName = "br0"

// Bridge gives the namespace a bridge with addresses.
func (n *Namespace) Bridge(addresses ...netip.Prefix) error {
	return n.Do(func() error {
		if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName}}); err != nil {
			return fmt.Errorf("add a bridge: %w", err)
		}
		if err := up("lo"); err != nil {
			return err
		}
		return up(bridgeName, addresses...)
	})
}

// Cable joins a pod's namespace to the bridge of this one, which is its way out.
// The bridge's addresses are its gateways.
func (n *Namespace) Cable(name string, pod *Namespace, gateways []netip.Addr, addresses ...netip.Prefix) error {
	err := pod.Do(func() error {
		return netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "eth0"}, PeerName: name, PeerNamespace: netlink.NsFd(n.fd)})
	})
	if err != nil {
		return fmt.Errorf("lay cable %s: %w", name, err)
	}
	err = n.Do(func() error {
		link, err := netlink.LinkByName(name)
		if err != nil {
			return err
		}
		bridge, err := netlink.LinkByName(bridgeName)
		if err != nil {
			return err
		}
		if err := netlink.LinkSetMaster(link, bridge); err != nil {
			return err
		}
		return netlink.LinkSetUp(link)
	})
	if err != nil {
		return fmt.Errorf("join %s to the bridge: %w", name, err)
	}
	return pod.Do(func() error {
		if err := up("lo"); err != nil {
			return err
		}
		if err := up("eth0", addresses...); err != nil {
			return err
		}
		for _, gateway := range gateways {
			if err := netlink.RouteAdd(&netlink.Route{Gw: gateway.AsSlice()}); err != nil {
				return fmt.Errorf("route by %s: %w", gateway, err)
			}
		}
		return nil
	})
}

// up gives a link addresses and brings it up.
func up(name string, addresses ...netip.Prefix) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find link %s: %w", name, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring up link %s: %w", name, err)
	}
	for _, a := range addresses {
		address := &netlink.Addr{IPNet: &net.IPNet{IP: a.Addr().AsSlice(), Mask: net.CIDRMask(a.Bits(), a.Addr().BitLen())}, Flags: unix.IFA_F_NODAD}
		if err := netlink.AddrReplace(link, address); err != nil {
			return fmt.Errorf("add address %s to %s: %w", a, name, err)
		}
	}
	return nil
}
