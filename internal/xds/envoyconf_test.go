package xds

import (
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// realConfig is a small mesh of one proxy: listener "out" goes to cluster
// "mesh" over mTLS, which is listener "server" of the same proxy; listener
// "direct" asks for its cluster by name. All of it is on sockets in dir.
type realConfig struct {
	t   *testing.T
	dir string
	// timeout changes the cluster, and with it the name of its endpoints.
	timeout time.Duration
	// version is a header that the route adds.
	version string
	// bad adds a route that Envoy refuses to the route configuration.
	bad bool
}

const directName = "direct|198.18.0.5:8080"

func (c realConfig) snapshot() *Snapshot {
	eds := "mesh#" + c.timeout.String()
	return NewSnapshot(map[Type]*Set{
		Cluster:  NewSet(c.resource("mesh", c.cluster(eds))),
		Endpoint: NewSet(c.resource(eds, c.endpoints(eds))),
		Route:    NewSet(c.resource("route", c.route("route", c.bad)), c.resource("spare", c.route("spare", false))),
		Listener: NewSet(c.resource("out", c.out("out", "route")), c.resource("spare", c.out("spare", "spare")), c.resource("server", c.server()), c.resource("direct", c.direct())),
	})
}

func (c realConfig) resource(name string, m proto.Message) *Resource {
	c.t.Helper()
	r, err := NewResource(name, m)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func packed(m proto.Message) *anypb.Any {
	a, err := anypb.New(m)
	if err != nil {
		panic(err)
	}
	return a
}

func ads() *corev3.ConfigSource {
	return &corev3.ConfigSource{ResourceApiVersion: corev3.ApiVersion_V3, ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}}}
}

func (c realConfig) socket(name string) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: c.dir + "/" + name + ".sock"}}}
}

func (c realConfig) cluster(eds string) *clusterv3.Cluster {
	return &clusterv3.Cluster{
		Name: "mesh", ConnectTimeout: durationpb.New(c.timeout),
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		EdsClusterConfig:     &clusterv3.Cluster_EdsClusterConfig{EdsConfig: ads(), ServiceName: eds},
		TransportSocket:      socketOf(&tlsv3.UpstreamTlsContext{CommonTlsContext: common("spiffe://td.local/ns/shop/sa/web")}),
	}
}

// common is a TLS context that takes all from SDS.
func common(peer string) *tlsv3.CommonTlsContext {
	return &tlsv3.CommonTlsContext{
		TlsCertificateSdsSecretConfigs: []*tlsv3.SdsSecretConfig{{Name: WorkloadSecret, SdsConfig: ads()}},
		ValidationContextType: &tlsv3.CommonTlsContext_CombinedValidationContext{CombinedValidationContext: &tlsv3.CommonTlsContext_CombinedCertificateValidationContext{
			DefaultValidationContext: &tlsv3.CertificateValidationContext{MatchTypedSubjectAltNames: []*tlsv3.SubjectAltNameMatcher{{
				SanType: tlsv3.SubjectAltNameMatcher_URI, Matcher: &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: peer}},
			}}},
			ValidationContextSdsSecretConfig: &tlsv3.SdsSecretConfig{Name: RootsSecret, SdsConfig: ads()},
		}},
	}
}

func socketOf(m proto.Message) *corev3.TransportSocket {
	return &corev3.TransportSocket{Name: "tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: packed(m)}}
}

func (c realConfig) endpoints(eds string) *endpointv3.ClusterLoadAssignment {
	return assignment(eds, c.socket("server"))
}

func assignment(name string, a *corev3.Address) *endpointv3.ClusterLoadAssignment {
	return &endpointv3.ClusterLoadAssignment{ClusterName: name, Endpoints: []*endpointv3.LocalityLbEndpoints{{
		LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: a}}}},
	}}}
}

func (c realConfig) route(name string, bad bool) *routev3.RouteConfiguration {
	match := &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}}
	if bad {
		match.PathSpecifier = &routev3.RouteMatch_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: "(?=x)"}}
	}
	return &routev3.RouteConfiguration{Name: name, VirtualHosts: []*routev3.VirtualHost{{
		Name: "all", Domains: []string{"*"},
		ResponseHeadersToAdd: []*corev3.HeaderValueOption{{Header: &corev3.HeaderValue{Key: "x-version", Value: c.version}}},
		Routes: []*routev3.Route{{Match: match, Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "mesh"},
		}}}},
	}}}
}

func hcm(prefix string, m *hcmv3.HttpConnectionManager) *listenerv3.FilterChain {
	m.StatPrefix = prefix
	m.HttpFilters = []*hcmv3.HttpFilter{{Name: "router", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(&routerv3.Router{})}}}
	return chain(m)
}

func chain(m proto.Message) *listenerv3.FilterChain {
	return &listenerv3.FilterChain{Filters: []*listenerv3.Filter{{Name: "filter", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(m)}}}}
}

func (c realConfig) out(name, route string) *listenerv3.Listener {
	return &listenerv3.Listener{Name: name, Address: c.socket(name), FilterChains: []*listenerv3.FilterChain{hcm(name, &hcmv3.HttpConnectionManager{
		RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: ads(), RouteConfigName: route}},
	})}}
}

func (c realConfig) server() *listenerv3.Listener {
	f := hcm("server", &hcmv3.HttpConnectionManager{RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
		VirtualHosts: []*routev3.VirtualHost{{Name: "all", Domains: []string{"*"}, Routes: []*routev3.Route{{
			Match:  &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
			Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 200}},
			ResponseHeadersToAdd: []*corev3.HeaderValueOption{
				{Header: &corev3.HeaderValue{Key: "x-caller", Value: "%DOWNSTREAM_PEER_URI_SAN%"}},
				{Header: &corev3.HeaderValue{Key: "x-subject", Value: "%DOWNSTREAM_PEER_SUBJECT%"}},
				{Header: &corev3.HeaderValue{Key: "x-serial", Value: "%DOWNSTREAM_PEER_SERIAL%"}},
			},
		}}}},
	}}})
	f.TransportSocket = socketOf(&tlsv3.DownstreamTlsContext{
		CommonTlsContext: common("spiffe://td.local/ns/shop/sa/web"), RequireClientCertificate: wrapperspb.Bool(true),
	})
	return &listenerv3.Listener{Name: "server", Address: c.socket("server"), FilterChains: []*listenerv3.FilterChain{f}}
}

func (c realConfig) direct() *listenerv3.Listener {
	return &listenerv3.Listener{Name: "direct", Address: c.socket("direct"), FilterChains: []*listenerv3.FilterChain{chain(&tcpproxyv3.TcpProxy{
		StatPrefix: "direct", ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: directName},
		OnDemand: &tcpproxyv3.TcpProxy_OnDemand{OdcdsConfig: ads()},
	})}}
}

// directTo is the cluster of that name.
func (c realConfig) directTo(socket string) *Resource {
	return c.resource(directName, &clusterv3.Cluster{
		Name: directName, ConnectTimeout: durationpb.New(time.Second),
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}, LoadAssignment: assignment(directName, c.socket(socket)),
	})
}
