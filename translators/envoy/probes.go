package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	filterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/set_filter_state/v3"
	healthcheckv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/health_check/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	setfilterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/set_filter_state/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weft-mesh/weft/translators/model"
)

// BuildProbesListener answers the kubelet. It opens the paths of the probes and
// nothing else of the application.
func BuildProbesListener(v model.Inbound) (*listenerv3.Listener, error) {
	m := connectionManager("probes", model.HeaderLimits{})
	vh := &routev3.VirtualHost{Name: "probes", Domains: []string{"*"}}
	for _, p := range v.Probes {
		if !validProbe(p) {
			continue
		}
		if p.Kind == model.ProbeTCP || p.Kind == model.ProbeGRPC {
			m.HttpFilters = append(m.HttpFilters, healthFilter(p))
			continue
		}
		vh.Routes = append(vh.Routes, probeRoute(p))
	}
	m.HttpFilters = append(m.HttpFilters, router())
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
		Name: "probes", VirtualHosts: []*routev3.VirtualHost{vh},
	}}
	l := &listenerv3.Listener{
		Name: ProbesListenerName, Address: socketAddress("0.0.0.0", ProbePort), TrafficDirection: corev3.TrafficDirection_INBOUND,
		// A kubelet that can't connect kills the pod.
		IgnoreGlobalConnLimit: true,
		FilterChains:          []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{dialledAddress(), networkFilter(hcmFilter, m)}}},
	}
	if v.IPv6 {
		l.AdditionalAddresses = []*listenerv3.AdditionalAddress{{Address: socketAddress("::", ProbePort)}}
	}
	return l, nil
}

// dialledAddress makes the address that the kubelet dialled the one that the
// probe goes to: an application may listen on the pod's address alone.
func dialledAddress() *listenerv3.Filter {
	return networkFilter("envoy.filters.network.set_filter_state", &setfilterstatev3.Config{OnNewConnection: []*filterstatev3.FilterStateValue{
		filterState("envoy.network.transport_socket.original_dst_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
	}})
}

func probeRoute(p model.Probe) *routev3.Route {
	target := p.Target
	if target == "" {
		target = "/"
	}
	a := &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: probeName(p)},
		Timeout:          duration(probeTimeout(p)),
		// A path may carry a query; the whole of it takes the probe's place.
		RegexRewrite: &matcherv3.RegexMatchAndSubstitute{Pattern: &matcherv3.RegexMatcher{Regex: ".*"}, Substitution: escapeSubstitution(target)},
	}
	if p.Host != "" {
		a.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: p.Host}
	}
	return &routev3.Route{
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: p.Path}},
		// The kubelet would follow it to a path that is not open.
		ResponseHeadersToRemove: []string{"location"},
		Action:                  &routev3.Route_Route{Route: a},
	}
}

// escapeSubstitution keeps a path's backslashes from being read as references.
func escapeSubstitution(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] == '\\' {
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// healthFilter answers with the verdict of Envoy's own health check.
func healthFilter(p model.Probe) *hcmv3.HttpFilter {
	return httpFilter("envoy.filters.http.health_check", &healthcheckv3.HealthCheck{
		PassThroughMode: wrapperspb.Bool(false),
		Headers: []*routev3.HeaderMatcher{{Name: ":path", HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{
			StringMatch: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: p.Path}},
		}}},
		ClusterMinHealthyPercentages: map[string]*typev3.Percent{probeName(p): percent(100)},
	})
}
