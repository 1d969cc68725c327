package main

import (
	"net/netip"
	"testing"
)

func TestAddressesFitTogether(t *testing.T) {
	for _, dualStack := range []bool{false, true} {
		a := clusterAddresses(dualStack)
		for i, node := range a.nodes {
			pods, services := netip.MustParsePrefix(a.pods[i]), netip.MustParsePrefix(a.services[i])
			if !pods.Contains(netip.MustParseAddr(node)) {
				t.Errorf("the node's address %s is not in %s", node, pods)
			}
			if pods.Overlaps(services) {
				t.Errorf("%s and %s overlap", pods, services)
			}
		}
		for _, fixed := range []string{apiAddress, dnsAddress} {
			if !netip.MustParsePrefix(a.services[0]).Contains(netip.MustParseAddr(fixed)) {
				t.Errorf("%s is not in %s", fixed, a.services[0])
			}
		}
	}
}
