package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	nodeName   = "lab"
	bridgeName = "lab0"
)

// addresses are those of a cluster, of one family or two, IPv4 first. They come from the ranges for benchmarks, which
// no network routes, and every cluster can use the same ones in its own network namespace.
type addresses struct {
	pods, services []string
	// nodes are the bridge's, in the networks of the pods.
	nodes []string
}

const (
	nodeAddress = "198.18.0.1"
	apiAddress  = "198.19.0.1"
	dnsAddress  = "198.19.0.10"
)

func clusterAddresses(dualStack bool) addresses {
	a := addresses{
		pods: []string{"198.18.0.0/16"}, services: []string{"198.19.0.0/16"}, nodes: []string{nodeAddress},
	}
	if dualStack {
		a.pods = append(a.pods, "2001:2:0:18::/64")
		a.services = append(a.services, "2001:2:0:19::/112")
		a.nodes = append(a.nodes, "2001:2:0:18::1")
	}
	return a
}

// setUpNetwork makes the bridge that pods are plugged into; its addresses are the node's.
func setUpNetwork(a addresses) error {
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
	if err := netlink.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("bring %s up: %w", bridgeName, err)
	}
	for i, node := range a.nodes {
		if err := addAddress(bridge, node, a.pods[i]); err != nil {
			return err
		}
		if err := routeServices(bridge, node, a.services[i]); err != nil {
			return err
		}
	}
	return setForwarding()
}

func addAddress(bridge netlink.Link, node, pods string) error {
	_, network, err := net.ParseCIDR(pods)
	if err != nil {
		return err
	}
	address := &netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(node), Mask: network.Mask}}
	if address.IP.To4() == nil {
		// Nobody else is on the bridge, and the address is to be good at once.
		address.Flags = unix.IFA_F_NODAD
	}
	if err := netlink.AddrAdd(bridge, address); err != nil {
		return fmt.Errorf("give %s the address %s: %w", bridgeName, node, err)
	}
	return nil
}

// routeServices lets the node itself call a Service: its address must have a route before it can be translated.
func routeServices(bridge netlink.Link, node, services string) error {
	_, network, err := net.ParseCIDR(services)
	if err != nil {
		return err
	}
	route := &netlink.Route{
		LinkIndex: bridge.Attrs().Index, Scope: netlink.SCOPE_LINK, Dst: network, Src: net.ParseIP(node),
	}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("route %s: %w", services, err)
	}
	return nil
}

// forwarding lets the node route packets. Without bridge-nf-call an answer from a pod to another on the same bridge
// would go round the translation of the Service's address.
var forwarding = []string{
	"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding",
	"net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables",
}

func setForwarding() error {
	if _, err := os.Stat("/proc/sys/net/bridge"); err != nil {
		if err := runQuietly(exec.Command("modprobe", "br_netfilter")); err != nil {
			return fmt.Errorf("load the kernel module br_netfilter: %w", err)
		}
	}
	for _, name := range forwarding {
		err := os.WriteFile("/proc/sys/"+name, []byte("1"), 0o644)
		if errors.Is(err, os.ErrNotExist) && strings.Contains(name, "ipv6") {
			continue
		}
		if err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}
