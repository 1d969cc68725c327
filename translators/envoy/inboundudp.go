package envoy

import (
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/weft-mesh/weft/translators/model"
)

const connectUDP = "CONNECT-UDP"

// udpChain takes in the streams of other sidecars that carry datagrams to one
// UDP port of the pods. Its route decides who may open one; its name holds the
// policy, so that a change of it is another chain and the streams of the old
// one end with it.
func udpChain(trustDomain string, p model.InboundPort, h model.HeaderLimits) *listenerv3.FilterChain {
	m := connectionManager("inbound_udp", h)
	m.CodecType = hcmv3.HttpConnectionManager_HTTP2
	m.UpgradeConfigs = []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: connectUDP}}
	m.StreamIdleTimeout = seconds(2 * udpIdle) // the caller's sidecar ends it before, if it can
	m.ForwardClientCertDetails = hcmv3.HttpConnectionManager_SANITIZE
	m.LocalReplyConfig = withoutBody()
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: overADS(), RouteConfigName: InboundUDPRouteName(p.Port)}}
	m.AccessLog = serverUDPFigures()
	m.HttpFilters = []*hcmv3.HttpFilter{httpFilter(httpRBACFilter, &httprbacv3.RBAC{Matcher: denyAll()}), router()}
	return &listenerv3.FilterChain{
		Name:            InboundUDPRouteName(p.Port) + "|" + fingerprint(httpRBAC(trustDomain, p.Policy)),
		TransportSocket: downstreamTLS(trustDomain, nil),
		Filters:         []*listenerv3.Filter{networkFilter(hcmFilter, m)},
	}
}

// withoutBody keeps refusals to their headers: the caller's sidecar has let go of
// the stream by then, and reports a bug of its own at each byte that follows
// (Envoy 1.40).
func withoutBody() *hcmv3.LocalReplyConfig {
	return &hcmv3.LocalReplyConfig{Mappers: []*hcmv3.ResponseMapper{{
		Filter: fromStatus(400),
		Body:   inline(nil),
	}}}
}

// BuildInboundUDPRoute is one UDP port's way to the application, and who may
// take it.
func BuildInboundUDPRoute(trustDomain string, p model.InboundPort) (*routev3.RouteConfiguration, error) {
	return &routev3.RouteConfiguration{
		Name: InboundUDPRouteName(p.Port),
		VirtualHosts: []*routev3.VirtualHost{{
			Name: "application", Domains: []string{"*"},
			TypedPerFilterConfig: map[string]*anypb.Any{httpRBACFilter: packed(httpRBAC(trustDomain, p.Policy))},
			Routes: []*routev3.Route{{
				Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_ConnectMatcher_{ConnectMatcher: &routev3.RouteMatch_ConnectMatcher{}}},
				Action: &routev3.Route_Route{Route: &routev3.RouteAction{
					ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: InboundUDPCluster},
					Timeout:          seconds(0),
					UpgradeConfigs: []*routev3.RouteAction_UpgradeConfig{{
						UpgradeType: connectUDP, ConnectConfig: &routev3.RouteAction_UpgradeConfig_ConnectConfig{},
					}},
				}},
			}},
		}},
	}, nil
}
