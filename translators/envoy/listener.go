package envoy

import (
	"net/netip"
	"strconv"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
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
func redirected(name string, port uint16, ipv6 bool, on4, on6 string) *listenerv3.Listener {
	l := &listenerv3.Listener{
		Name: name, Address: socketAddress(on4, port),
		PerConnectionBufferLimitBytes: u32(bufferLimit),
		TcpKeepalive:                  keepalive(),
		ListenerFilters: []*listenerv3.ListenerFilter{{
			Name:       "envoy.filters.listener.original_dst",
			ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: packed(&originaldstv3.OriginalDst{})},
		}},
	}
	if ipv6 {
		l.AdditionalAddresses = []*listenerv3.AdditionalAddress{{Address: socketAddress(on6, port)}}
	}
	return l
}

// tcpProxy sends connections to a cluster, and counts those that it has loggers
// for.
func tcpProxy(prefix, cluster string, logs ...*accesslogv3.AccessLog) *listenerv3.Filter {
	proxy := &tcpproxyv3.TcpProxy{
		StatPrefix:       prefix,
		ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: cluster},
		IdleTimeout:      seconds(0), // an idle database connection is not a dead one
		// A failed attempt has sent nothing that could be lost.
		MaxConnectAttempts: u32(3),
		AccessLog:          logs,
	}
	if len(logs) > 0 {
		proxy.AccessLogOptions = tcpFigureOptions()
	}
	return networkFilter("envoy.filters.network.tcp_proxy", proxy)
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

// byAddress picks chains: for single addresses first, then by what Services
// speak at a port, then for pods.
func byAddress(v model.OutboundListener) *xdsmatcherv3.Matcher {
	ports := map[string]map[string]*xdsmatcherv3.Matcher_OnMatch{}
	set := func(a netip.AddrPort, chain string) {
		ip := a.Addr().String()
		if ports[ip] == nil {
			ports[ip] = map[string]*xdsmatcherv3.Matcher_OnMatch{}
		}
		ports[ip][portText(a.Port())] = chainName(chain)
	}
	// Dialled by its own address it would dial itself without end.
	set(netip.AddrPortFrom(loopback, OutboundPort), closedChainName)
	set(netip.AddrPortFrom(netip.IPv6Loopback(), OutboundPort), closedChainName)
	for _, e := range v.Exceptions {
		set(e.Addr, chainFor(e.Protocol, v.Egress))
	}
	ips := map[string]*xdsmatcherv3.Matcher_OnMatch{}
	for ip, m := range ports {
		ips[ip] = nested(exactMap(destinationPort(), m))
	}
	m := exactMap(destinationIP(), ips)
	m.OnNoMatch = byPrefix(v)
	return m
}

// chainFor is the chain that takes what is spoken to an address.
func chainFor(p model.Protocol, e model.Egress) string {
	switch {
	case p.IsHTTP():
		return httpChain
	case p == model.ProtocolTCP:
		return directChain
	case p == model.ProtocolDetect:
		return detectChain
	case e == model.EgressDeny:
		return closedChainName
	default:
		return passthroughChain
	}
}

func portText(p uint16) string { return strconv.Itoa(int(p)) }

// byPrefix tells Services and pods apart from what lies outside; nil where
// neither is known.
func byPrefix(v model.OutboundListener) *xdsmatcherv3.Matcher_OnMatch {
	trie := &xdsmatcherv3.IPMatcher{}
	add := func(prefixes []netip.Prefix, on *xdsmatcherv3.Matcher_OnMatch) {
		r := &xdsmatcherv3.IPMatcher_IPRangeMatcher{OnMatch: on}
		for _, p := range prefixes {
			r.Ranges = append(r.Ranges, &xdscorev3.CidrRange{AddressPrefix: p.Addr().String(), PrefixLen: u32(uint32(p.Bits()))})
		}
		if len(prefixes) > 0 {
			trie.RangeMatchers = append(trie.RangeMatchers, r)
		}
	}
	rules := map[string]*xdsmatcherv3.Matcher_OnMatch{}
	for _, p := range v.Ports {
		rules[portText(p.Port)] = chainName(chainFor(p.Protocol, v.Egress))
	}
	if len(rules) > 0 {
		add(v.Services, nested(exactMap(destinationPort(), rules)))
	}
	add(v.Pods, podPorts())
	if len(trie.GetRangeMatchers()) == 0 {
		return nil
	}
	return nested(&xdsmatcherv3.Matcher{MatcherType: &xdsmatcherv3.Matcher_MatcherTree_{MatcherTree: &xdsmatcherv3.Matcher_MatcherTree{
		Input:    destinationIP(),
		TreeType: &xdsmatcherv3.Matcher_MatcherTree_CustomMatch{CustomMatch: extension("envoy.matching.custom_matchers.trie_matcher", trie)},
	}}})
}

// podPorts tells the sidecar's own ports from the application's: they are open
// to whoever collects metrics, and speak plaintext.
func podPorts() *xdsmatcherv3.Matcher_OnMatch {
	own := map[string]*xdsmatcherv3.Matcher_OnMatch{}
	for _, p := range []uint16{MetricsPort, ReadyPort, ProbePort} {
		own[portText(p)] = chainName(passthroughChain)
	}
	m := exactMap(destinationPort(), own)
	m.OnNoMatch = chainName(directChain)
	return nested(m)
}

// closedFilters close a connection: there is no such cluster.
func closedFilters() []*listenerv3.Filter {
	return []*listenerv3.Filter{networkRBAC("", model.Policy{}), tcpProxy("closed", "closed")}
}

// BuildOutboundListener leads what the pod's application dials: requests to
// their routes, connections to the cluster of the address, the rest out of the
// mesh. It is
// bound to loopback, where nftables leads what the pod sends: from outside of
// the pod it can't be reached.
func BuildOutboundListener(v model.OutboundListener) (*listenerv3.Listener, error) {
	l := redirected(OutboundListenerName, OutboundPort, v.IPv6, "127.0.0.1", "::1")
	l.TrafficDirection = corev3.TrafficDirection_OUTBOUND
	l.AccessLog = clientTCPFigures()
	l.FilterChains = []*listenerv3.FilterChain{
		{Name: httpChain, Filters: []*listenerv3.Filter{networkFilter(hcmFilter, outboundManager(v.Headers))}},
		{Name: directChain, Filters: directFilters()},
		{Name: passthroughChain, Filters: []*listenerv3.Filter{tcpProxy("passthrough", PassthroughCluster)}},
		{Name: closedChainName, Filters: closedFilters()},
	}
	if Detects(v) {
		l.FilterChains = append(l.FilterChains, &listenerv3.FilterChain{Name: detectChain, Filters: detectFilters()})
	}
	l.FilterChainMatcher = byAddress(v)
	l.DefaultFilterChain = &listenerv3.FilterChain{Name: "egress", Filters: []*listenerv3.Filter{tcpProxy("egress", PassthroughCluster)}}
	if v.Egress == model.EgressDeny {
		l.DefaultFilterChain.Filters = closedFilters()
	}
	return l, nil
}

const (
	httpChain        = "http"
	directChain      = "direct"
	passthroughChain = "passthrough"
	closedChainName  = "closed"
	detectChain      = "detect"
)
