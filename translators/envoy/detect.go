package envoy

import (
	"time"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	filterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/set_filter_state/v3"
	httpinspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/http_inspector/v3"
	originaldstv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/original_dst/v3"
	setfilterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/set_filter_state/v3"
	networkinputsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/matching/common_inputs/network/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/model"
)

// DetectWithin is how many milliseconds a client may be silent on a port whose
// protocol is detected. Then it is taken for one whose server speaks first.
const DetectWithin = 200

// requestProtocols are what the HTTP inspector says of what begins as requests
// do: the preface of HTTP/2 too.
var requestProtocols = []string{"http/1.0", "http/1.1", "h2c"}

// detectFilters hand a connection on to the listener that looks at its first
// bytes. The one that all connections come by looks at none: what it waited for
// on one port, other Services' connections to that port would wait for too.
func detectFilters() []*listenerv3.Filter {
	keep := func(key, format string) *filterstatev3.FilterStateValue {
		v := filterState("envoy.filters.listener.original_dst."+key, format)
		v.SharedWithUpstream = filterstatev3.FilterStateValue_ONCE
		return v
	}
	return []*listenerv3.Filter{
		networkFilter("envoy.filters.network.set_filter_state", &setfilterstatev3.Config{OnNewConnection: []*filterstatev3.FilterStateValue{
			keep("local_ip", "%DOWNSTREAM_LOCAL_ADDRESS%"), keep("remote_ip", "%DOWNSTREAM_REMOTE_ADDRESS%"),
		}}),
		tcpProxy(DetectListenerName, DetectCluster),
	}
}

// BuildDetectListener leads connections of which nothing is known but their
// address: those that begin as requests do to the routes, others to the cluster
// of the address. It is within the sidecar, and the same for all.
func BuildDetectListener(h model.HeaderLimits) *listenerv3.Listener {
	return &listenerv3.Listener{
		Name:                             DetectListenerName,
		ListenerSpecifier:                &listenerv3.Listener_InternalListener{InternalListener: &listenerv3.Listener_InternalListenerConfig{}},
		TrafficDirection:                 corev3.TrafficDirection_OUTBOUND,
		PerConnectionBufferLimitBytes:    u32(bufferLimit),
		AccessLog:                        clientTCPFigures(),
		ListenerFiltersTimeout:           duration(DetectWithin * time.Millisecond),
		ContinueOnListenerFiltersTimeout: true,
		ListenerFilters: []*listenerv3.ListenerFilter{
			listenerFilter("envoy.filters.listener.original_dst", &originaldstv3.OriginalDst{}),
			listenerFilter("envoy.filters.listener.http_inspector", &httpinspectorv3.HttpInspector{}),
		},
		FilterChains: []*listenerv3.FilterChain{
			{
				Name: httpChain, FilterChainMatch: &listenerv3.FilterChainMatch{ApplicationProtocols: requestProtocols},
				Filters: []*listenerv3.Filter{networkFilter(hcmFilter, outboundManager(h))},
			},
			{Name: directChain, Filters: directFilters()},
		},
	}
}

func listenerFilter(name string, m proto.Message) *listenerv3.ListenerFilter {
	return &listenerv3.ListenerFilter{Name: name, ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: packed(m)}}
}

// inspected is what of a plaintext connection tells requests: a port's chains for
// requests and for the rest.
func inspected(http, rest string) *xdsmatcherv3.Matcher_OnMatch {
	requests := map[string]*xdsmatcherv3.Matcher_OnMatch{}
	for _, p := range requestProtocols {
		requests[alpnList([]string{p})] = chainOrClosed(http)
	}
	m := exactMap(extension("protocol", &networkinputsv3.ApplicationProtocolInput{}), requests)
	m.OnNoMatch = chainOrClosed(rest)
	return nested(m)
}

// inspectorOf looks at plaintext to some ports, and no others.
func inspectorOf(ports []uint16) *listenerv3.ListenerFilter {
	var any []*listenerv3.ListenerFilterChainMatchPredicate
	for _, p := range ports {
		any = append(any, &listenerv3.ListenerFilterChainMatchPredicate{Rule: &listenerv3.ListenerFilterChainMatchPredicate_DestinationPortRange{
			DestinationPortRange: &typev3.Int32Range{Start: int32(p), End: int32(p) + 1},
		}})
	}
	these := any[0]
	if len(any) > 1 {
		these = &listenerv3.ListenerFilterChainMatchPredicate{Rule: &listenerv3.ListenerFilterChainMatchPredicate_OrMatch{
			OrMatch: &listenerv3.ListenerFilterChainMatchPredicate_MatchSet{Rules: any},
		}}
	}
	f := listenerFilter("envoy.filters.listener.http_inspector", &httpinspectorv3.HttpInspector{})
	f.FilterDisabled = &listenerv3.ListenerFilterChainMatchPredicate{Rule: &listenerv3.ListenerFilterChainMatchPredicate_NotMatch{NotMatch: these}}
	return f
}

// Detects tells that some port's protocol is detected.
func Detects(v model.OutboundListener) bool {
	for _, p := range v.Ports {
		if p.Protocol == model.ProtocolDetect {
			return true
		}
	}
	for _, e := range v.Exceptions {
		if e.Protocol == model.ProtocolDetect {
			return true
		}
	}
	return false
}
