package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/vishvananda/netlink"
)

// Addresses of a cluster. They come from the range for benchmarks, which no network routes, and every cluster can
// use the same ones in its own network namespace.
const (
	nodeName       = "lab"
	bridgeName     = "lab0"
	podNetwork     = "198.18.0.0/16"
	serviceNetwork = "198.19.0.0/16"
	nodeAddress    = "198.18.0.1"
	apiAddress     = "198.19.0.1"
	dnsAddress     = "198.19.0.10"
)

// setUpNetwork makes the bridge that pods are plugged into; its address is the node's.
func setUpNetwork() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("bring lo up: %w", err)
	}
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName}}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("add the bridge %s: %w", bridgeName, err)
	}
	address, err := netlink.ParseAddr(nodeAddress + "/16")
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(bridge, address); err != nil {
		return fmt.Errorf("give %s its address: %w", bridgeName, err)
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("bring %s up: %w", bridgeName, err)
	}
	if err := routeServices(bridge); err != nil {
		return err
	}
	return setForwarding()
}

// routeServices lets the node itself call a Service: its address must have a route before it can be translated.
func routeServices(bridge netlink.Link) error {
	_, services, err := net.ParseCIDR(serviceNetwork)
	if err != nil {
		return err
	}
	route := &netlink.Route{
		LinkIndex: bridge.Attrs().Index, Scope: netlink.SCOPE_LINK, Dst: services, Src: net.ParseIP(nodeAddress),
	}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("route %s: %w", serviceNetwork, err)
	}
	return nil
}

func setForwarding() error {
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644); err != nil {
		return fmt.Errorf("turn forwarding on: %w", err)
	}
	// Without it, an answer from a pod to another on the same bridge would go round the translation of the
	// Service's address.
	err := os.WriteFile("/proc/sys/net/bridge/bridge-nf-call-iptables", []byte("1"), 0o644)
	if errors.Is(err, syscall.ENOENT) {
		return errors.New("the kernel module br_netfilter is not loaded (modprobe br_netfilter)")
	}
	if err != nil {
		return fmt.Errorf("filter bridged packets: %w", err)
	}
	return nil
}
