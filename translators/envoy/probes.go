package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	healthcheckv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/health_check/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/weft-mesh/weft/translators/model"
)

// BuildProbesListener answers the kubelet. It opens the paths of the probes and
// nothing else of the application.
func BuildProbesListener(probes []model.Probe) (*listenerv3.Listener, error) {
	m := connectionManager("probes")
	vh := &routev3.VirtualHost{Name: "probes", Domains: []string{"*"}}
	for _, p := range probes {
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
	return &listenerv3.Listener{
		Name: ProbesListenerName, Address: socketAddress("0.0.0.0", ProbePort), TrafficDirection: corev3.TrafficDirection_INBOUND,
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{networkFilter(hcmFilter, m)}}},
	}, nil
}

func probeRoute(p model.Probe) *routev3.Route {
	target := p.Target
	if target == "" {
		target = "/"
	}
	a := &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: probeName(p)},
		Timeout:          duration(p.Timeout),
		// A path may carry a query; the whole of it takes the probe's place.
		RegexRewrite: &matcherv3.RegexMatchAndSubstitute{Pattern: &matcherv3.RegexMatcher{Regex: ".*"}, Substitution: escapeSubstitution(target)},
	}
	if p.Host != "" {
		a.HostRewriteSpecifier = &routev3.RouteAction_HostRewriteLiteral{HostRewriteLiteral: p.Host}
	}
	return &routev3.Route{
		Match:  &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: p.Path}},
		Action: &routev3.Route_Route{Route: a},
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
