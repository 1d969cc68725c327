package envoy

import (
	"net/netip"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	previoushostsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weft-mesh/weft/translators/model"
)

// BuildOutbound is the routes of one address: a scope, keyed by the address,
// with its route configuration in it. A change of weights is this and no more.
func BuildOutbound(v model.Outbound) (*routev3.ScopedRouteConfiguration, error) {
	return buildScope(ScopeName(netip.AddrPortFrom(v.Address, v.Name.Port)), v), nil
}

func buildScope(name string, v model.Outbound) *routev3.ScopedRouteConfiguration {
	vh := &routev3.VirtualHost{
		Name: "service", Domains: []string{"*"}, Metadata: serviceMetadata(v.Name.Service.String()),
		RequestHeadersToRemove:  []string{DestinationHeader},
		ResponseHeadersToRemove: []string{UnprocessedHeader},
	}
	for _, r := range v.Routes {
		vh.Routes = append(vh.Routes, outboundRoute(r))
	}
	return &routev3.ScopedRouteConfiguration{
		Name: name,
		Key: &routev3.ScopedRouteConfiguration_Key{Fragments: []*routev3.ScopedRouteConfiguration_Key_Fragment{
			{Type: &routev3.ScopedRouteConfiguration_Key_Fragment_StringKey{StringKey: name}},
		}},
		RouteConfiguration: &routev3.RouteConfiguration{
			VirtualHosts: []*routev3.VirtualHost{vh},
			// Without this a scope that comes before its cluster refuses all scopes
			// that come with it.
			ValidateClusters: wrapperspb.Bool(false),
		},
	}
}

func outboundRoute(v model.OutboundRoute) *routev3.Route {
	r := &routev3.Route{Name: v.Name, Match: routeMatch(v.Match)}
	if !slices.ContainsFunc(v.Backends, func(b model.WeightedCluster) bool { return b.Weight > 0 }) {
		why := "weft: no backend has a weight"
		if len(v.Backends) == 0 {
			why = "weft: the split has no backend with this port; its conditions say why"
		}
		r.Action = directResponse(503, why)
		return r
	}
	r.Action = &routev3.Route_Route{Route: routeTo(v.Backends)}
	return r
}

func routeTo(backends []model.WeightedCluster) *routev3.RouteAction {
	a := &routev3.RouteAction{Timeout: seconds(0)} // the caller's own deadline holds
	if len(backends) == 1 {
		a.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: ClusterName(backends[0].Cluster)}
		return a
	}
	w := &routev3.WeightedCluster{}
	unit := weightUnit(backends, func(b model.WeightedCluster) uint32 { return b.Weight })
	for _, b := range backends {
		w.Clusters = append(w.Clusters, &routev3.WeightedCluster_ClusterWeight{Name: ClusterName(b.Cluster), Weight: u32(inUnits(b.Weight, unit))})
	}
	a.ClusterSpecifier = &routev3.RouteAction_WeightedClusters{WeightedClusters: w}
	return a
}

// retryUnprocessed tries again what provably no application has seen.
func retryUnprocessed() *routev3.RetryPolicy {
	return &routev3.RetryPolicy{
		RetryOn:                       "connect-failure,refused-stream,retriable-headers",
		NumRetries:                    u32(2),
		HostSelectionRetryMaxAttempts: 5,
		RetriableHeaders: []*routev3.HeaderMatcher{
			{Name: UnprocessedHeader, HeaderMatchSpecifier: &routev3.HeaderMatcher_PresentMatch{PresentMatch: true}},
		},
		RetryHostPredicate: []*routev3.RetryPolicy_RetryHostPredicate{{
			Name:       "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &routev3.RetryPolicy_RetryHostPredicate_TypedConfig{TypedConfig: packed(&previoushostsv3.PreviousHostsPredicate{})},
		}},
	}
}

func directResponse(status uint32, body string) *routev3.Route_DirectResponse {
	return &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{
		Status: status, Body: &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: body + "\n"}},
	}}
}

// routeMatch is an SMI match as a route sees it; nil matches all.
func routeMatch(m *model.HTTPMatch) *routev3.RouteMatch {
	if m == nil {
		m = &model.HTTPMatch{}
	}
	r := &routev3.RouteMatch{}
	switch p := parsePath(m.PathRegex); {
	case p.any:
		r.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: "/"}
	case p.exact != "":
		r.PathSpecifier = &routev3.RouteMatch_Path{Path: p.exact}
	case p.prefix != "":
		r.PathSpecifier = &routev3.RouteMatch_Prefix{Prefix: p.prefix}
	default:
		r.PathSpecifier = &routev3.RouteMatch_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: p.regex}}
	}
	if len(m.Methods) > 0 {
		r.Headers = append(r.Headers, headerMatcher(":method", methodRegex(m.Methods)))
	}
	for _, h := range m.Headers {
		r.Headers = append(r.Headers, headerMatcher(headerCondition(h)))
	}
	return r
}

func headerMatcher(name, regex string) *routev3.HeaderMatcher {
	return &routev3.HeaderMatcher{Name: name, HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: regexMatcher(regex)}}
}
