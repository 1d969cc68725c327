package envoy

import (
	"net/netip"
	"strconv"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	originaldstv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/original_dst/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	networkinputsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/matching/common_inputs/network/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weft-mesh/weft/translators/model"
)

// bufferLimit bounds what a connection holds in memory, each way.
const bufferLimit = 32 << 10

// redirected is a listener that nftables leads connections to.
func redirected(name string, port uint16, ipv6 bool) *listenerv3.Listener {
	l := &listenerv3.Listener{
		Name: name, Address: socketAddress("0.0.0.0", port),
		PerConnectionBufferLimitBytes: u32(bufferLimit),
		ListenerFilters: []*listenerv3.ListenerFilter{{
			Name:       "envoy.filters.listener.original_dst",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: packed(&originaldstv3.OriginalDst{})},
		}},
	}
	if ipv6 {
		l.AdditionalAddresses = []*listenerv3.AdditionalAddress{{Address: socketAddress("::", port)}}
	}
	return l
}

func tcpProxy(prefix, cluster string) *listenerv3.Filter {
	return networkFilter("envoy.filters.network.tcp_proxy", &tcpproxyv3.TcpProxy{
		StatPrefix:       prefix,
		ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: cluster},
		IdleTimeout:      seconds(0), // an idle database connection is not a dead one
	})
}

func chainName(name string) *xdsmatcherv3.Matcher_OnMatch {
	return action(wrapperspb.String(name))
}

func destinationIP() *xdscorev3.TypedExtensionConfig {
	return extension("ip", &networkinputsv3.DestinationIPInput{})
}

func destinationPort() *xdscorev3.TypedExtensionConfig {
	return extension("port", &networkinputsv3.DestinationPortInput{})
}

// byAddress maps addresses to chains, and then prefixes to a chain.
func byAddress(chains map[netip.AddrPort]string, prefixes []netip.Prefix, prefixChain string) *xdsmatcherv3.Matcher {
	ports := map[string]map[string]*xdsmatcherv3.Matcher_OnMatch{}
	for a, chain := range chains {
		ip := a.Addr().String()
		if ports[ip] == nil {
			ports[ip] = map[string]*xdsmatcherv3.Matcher_OnMatch{}
		}
		ports[ip][strconv.Itoa(int(a.Port()))] = chainName(chain)
	}
	trie := byPrefix(prefixes, prefixChain)
	if len(ports) == 0 {
		return trie
	}
	ips := map[string]*xdsmatcherv3.Matcher_OnMatch{}
	for ip, m := range ports {
		ips[ip] = nested(exactMap(destinationPort(), m))
	}
	m := exactMap(destinationIP(), ips)
	if trie != nil {
		m.OnNoMatch = nested(trie)
	}
	return m
}

func byPrefix(prefixes []netip.Prefix, chain string) *xdsmatcherv3.Matcher {
	if len(prefixes) == 0 {
		return nil
	}
	r := &xdsmatcherv3.IPMatcher_IPRangeMatcher{OnMatch: chainName(chain)}
	for _, p := range prefixes {
		r.Ranges = append(r.Ranges, &xdscorev3.CidrRange{AddressPrefix: p.Addr().String(), PrefixLen: u32(uint32(p.Bits()))})
	}
	trie := &xdsmatcherv3.IPMatcher{RangeMatchers: []*xdsmatcherv3.IPMatcher_IPRangeMatcher{r}}
	return &xdsmatcherv3.Matcher{MatcherType: &xdsmatcherv3.Matcher_MatcherTree_{MatcherTree: &xdsmatcherv3.Matcher_MatcherTree{
		Input:    destinationIP(),
		TreeType: &xdsmatcherv3.Matcher_MatcherTree_CustomMatch{CustomMatch: extension("envoy.matching.custom_matchers.trie_matcher", trie)},
	}}}
}

// BuildOutboundListener leads what the pod's application dials: requests to
// their routes, connections to their clusters, the rest out of the mesh.
func BuildOutboundListener(v model.OutboundListener) (*listenerv3.Listener, error) {
	l := redirected(OutboundListenerName, OutboundPort, v.IPv6)
	l.TrafficDirection = corev3.TrafficDirection_OUTBOUND
	chains := map[netip.AddrPort]string{}
	for _, a := range v.HTTP {
		chains[a] = httpChain
	}
	for _, a := range v.Direct {
		chains[a] = directChain
	}
	l.FilterChains = []*listenerv3.FilterChain{
		{Name: httpChain, Filters: []*listenerv3.Filter{networkFilter(hcmFilter, outboundManager())}},
		{Name: directChain, Filters: directFilters()},
	}
	seen := map[string]bool{}
	for _, d := range v.TCP {
		name := ClusterName(d.Cluster)
		chains[d.Addr] = name
		if !seen[name] {
			seen[name] = true
			l.FilterChains = append(l.FilterChains, &listenerv3.FilterChain{Name: name, Filters: []*listenerv3.Filter{tcpProxy("outbound", name)}})
		}
	}
	if m := byAddress(chains, v.Pods, directChain); m != nil {
		l.FilterChainMatcher = m
	} else {
		l.FilterChains = nil // a chain that nothing can name is refused
	}
	l.DefaultFilterChain = egressChain(v.Egress)
	return l, nil
}

const (
	httpChain   = "http"
	directChain = "direct"
)

// egressChain takes what is not of the mesh: through as it is, or to a cluster
// that does not exist, which closes it.
func egressChain(e model.Egress) *listenerv3.FilterChain {
	cluster := PassthroughCluster
	if e == model.EgressDeny {
		cluster = "denied"
	}
	return &listenerv3.FilterChain{Name: "egress", Filters: []*listenerv3.Filter{tcpProxy("egress", cluster)}}
}
