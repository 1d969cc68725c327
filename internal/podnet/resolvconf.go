package podnet

import (
	"net/netip"
	"slices"
	"strings"
)

// Nameservers are those of a resolv.conf; what makes no sense there is no
// nameserver.
func Nameservers(resolvConf string) []netip.Addr {
	var as []netip.Addr
	for line := range strings.Lines(resolvConf) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(fields[1]); err == nil {
			as = append(as, a.Unmap().WithZone(""))
		}
	}
	slices.SortFunc(as, netip.Addr.Compare)
	return slices.Compact(as)
}

// ClusterDomain is the domain of the cluster's Services, as the kubelet writes it
// into a resolv.conf; empty where there is none. Of several search lines the last
// counts.
func ClusterDomain(resolvConf string) string {
	domain := ""
	for line := range strings.Lines(resolvConf) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "search" {
			continue
		}
		domain = ""
		for _, search := range fields[1:] {
			if of, ok := strings.CutPrefix(strings.Trim(search, "."), "svc."); ok {
				domain = of
				break
			}
		}
	}
	return domain
}
