package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsinspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/weft-mesh/weft/translators/model"
)

// plaintextWait is how long a permissive port waits for the first bytes of a
// client before it takes it for one whose server speaks first.
const plaintextWait = 1

// BuildInboundListener takes in what is sent to the pods.
func BuildInboundListener(v model.Inbound) (*listenerv3.Listener, error) {
	l := redirected(InboundListenerName, InboundPort, v.IPv6)
	l.TrafficDirection = corev3.TrafficDirection_INBOUND
	l.ListenerFilters = append(l.ListenerFilters, &listenerv3.ListenerFilter{
		Name:       "envoy.filters.listener.tls_inspector",
		ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: packed(&tlsinspectorv3.TlsInspector{})},
	})
	permissive := v.MTLS == model.MTLSPermissive
	if permissive {
		l.ListenerFiltersTimeout, l.ContinueOnListenerFiltersTimeout = seconds(plaintextWait), true
	}
	for _, p := range v.Ports {
		l.FilterChains = append(l.FilterChains, portChains(v.TrustDomain, p, permissive)...)
	}
	other := tcpFilters(v.TrustDomain, v.Other)
	l.FilterChains = append(l.FilterChains, &listenerv3.FilterChain{
		Name: "other", FilterChainMatch: meshMatch(0), TransportSocket: downstreamTLS(v.TrustDomain), Filters: other,
	})
	if permissive {
		l.DefaultFilterChain = &listenerv3.FilterChain{Name: "other|plaintext", Filters: other}
	}
	return l, nil
}

func meshMatch(port uint16) *listenerv3.FilterChainMatch {
	return chainMatch(port, "tls", alpn)
}

func chainMatch(port uint16, transport string, alpns ...string) *listenerv3.FilterChainMatch {
	m := &listenerv3.FilterChainMatch{TransportProtocol: transport, ApplicationProtocols: alpns}
	if port != 0 {
		m.DestinationPort = u32(uint32(port))
	}
	return m
}

// portChains are a port's chains: mutual TLS; plaintext, which a strict port
// answers with 403 where it speaks HTTP; and, on a permissive one, the
// application's own TLS.
func portChains(trustDomain string, p model.InboundPort, permissive bool) []*listenerv3.FilterChain {
	name := InboundRouteName(p.Port)
	filters := tcpFilters(trustDomain, p.Policy)
	if p.Protocol.IsHTTP() {
		filters = httpFilters(p)
	}
	chains := []*listenerv3.FilterChain{{
		Name: name, FilterChainMatch: meshMatch(p.Port), TransportSocket: downstreamTLS(trustDomain), Filters: filters,
	}}
	plain := &listenerv3.FilterChain{Name: name + "|plaintext", FilterChainMatch: chainMatch(p.Port, "raw_buffer"), Filters: filters}
	switch {
	case permissive:
		foreign := &listenerv3.FilterChain{Name: name + "|tls", FilterChainMatch: chainMatch(p.Port, "tls"), Filters: tcpFilters(trustDomain, p.Policy)}
		return append(chains, plain, foreign)
	case p.Protocol.IsHTTP():
		plain.Filters = refuseFilters()
		return append(chains, plain)
	default:
		return chains
	}
}

func tcpFilters(trustDomain string, p model.Policy) []*listenerv3.Filter {
	return []*listenerv3.Filter{networkRBAC(trustDomain, p), tcpProxy("inbound", InboundTCPCluster)}
}

func httpFilters(p model.InboundPort) []*listenerv3.Filter {
	m := inboundManager()
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: overADS(), RouteConfigName: InboundRouteName(p.Port)}}
	return []*listenerv3.Filter{networkFilter(hcmFilter, m)}
}

// refuseFilters answer every request with 403, so that a caller without a
// sidecar reads why.
func refuseFilters() []*listenerv3.Filter {
	m := connectionManager("refused")
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
		Name: "refused",
		VirtualHosts: []*routev3.VirtualHost{{Name: "refused", Domains: []string{"*"}, Routes: []*routev3.Route{{
			Match:  routeMatch(nil),
			Action: directResponse(403, "weft: this port takes mutual TLS from the mesh only; give the caller a sidecar, or label the namespace weft.mesh/mtls: permissive"),
		}}}},
	}}
	m.HttpFilters = []*hcmv3.HttpFilter{router()}
	return []*listenerv3.Filter{networkFilter(hcmFilter, m)}
}

// BuildInboundRoute is one HTTP port's way to the application, and who may
// take it.
func BuildInboundRoute(trustDomain string, p model.InboundPort) (*routev3.RouteConfiguration, error) {
	cluster := InboundHTTPCluster
	if p.Protocol == model.ProtocolHTTP2 {
		cluster = InboundHTTP2Cluster
	}
	return &routev3.RouteConfiguration{
		Name: InboundRouteName(p.Port),
		VirtualHosts: []*routev3.VirtualHost{{
			Name: "application", Domains: []string{"*"},
			RequestHeadersToRemove: []string{PathHeader, DestinationHeader},
			TypedPerFilterConfig:   map[string]*anypb.Any{httpRBACFilter: packed(httpRBAC(trustDomain, p.Policy))},
			Routes: []*routev3.Route{{
				Match: routeMatch(nil),
				Action: &routev3.Route_Route{Route: &routev3.RouteAction{
					ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: cluster},
					Timeout:          seconds(0),
					UpgradeConfigs:   []*routev3.RouteAction_UpgradeConfig{{UpgradeType: "websocket"}},
				}},
			}},
		}},
	}, nil
}
