package envoy

import (
	"slices"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tlsinspectorv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/weft-mesh/weft/translators/model"
)

// How long a client may be silent, in seconds. A sidecar speaks at once; who
// does not is closed, or on a permissive port taken for one whose server speaks
// first.
const (
	silence           = 5
	permissiveSilence = 1
)

// BuildInboundListener takes in what is sent to the pods.
func BuildInboundListener(v model.Inbound) (*listenerv3.Listener, error) {
	l := redirected(InboundListenerName, InboundPort, v.IPv6, "0.0.0.0", "::")
	l.TrafficDirection = corev3.TrafficDirection_INBOUND
	l.ListenerFilters = append(l.ListenerFilters, &listenerv3.ListenerFilter{
		Name:       "envoy.filters.listener.tls_inspector",
		ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: packed(&tlsinspectorv3.TlsInspector{})},
	})
	permissive := v.MTLS == model.MTLSPermissive
	l.ListenerFiltersTimeout = seconds(silence)
	if permissive {
		l.ListenerFiltersTimeout, l.ContinueOnListenerFiltersTimeout = seconds(permissiveSilence), true
	}
	for _, p := range v.Ports {
		l.FilterChains = append(l.FilterChains, portChains(v.TrustDomain, p, permissive)...)
	}
	for _, p := range v.UDP {
		l.FilterChains = append(l.FilterChains, udpChain(v.TrustDomain, p))
		if !slices.ContainsFunc(v.Ports, func(t model.InboundPort) bool { return t.Port == p.Port }) {
			// A port that has chains has no other: TCP of this number needs its own.
			l.FilterChains = append(l.FilterChains, portChains(v.TrustDomain, model.InboundPort{Port: p.Port, Protocol: model.ProtocolTCP, Policy: v.Other}, permissive)...)
		}
	}
	// A port that belongs to the sidecar is nobody's to call: the connection
	// would come back to this listener, again and again.
	l.FilterChains = append(l.FilterChains, closedChain("sidecar", &listenerv3.FilterChainMatch{DestinationPort: u32(InboundPort)}))
	if c := tcpMeshChain(v.TrustDomain, "other", 0, v.Other); c != nil {
		l.FilterChains = append(l.FilterChains, c)
	}
	if permissive && v.Other.AllowAll {
		l.DefaultFilterChain = &listenerv3.FilterChain{Name: "other|plaintext", Filters: tcpFilters(v.TrustDomain, v.Other)}
	}
	return l, nil
}

// ListenerView leaves out of a view what the listener does not hold: who may ask
// for what on HTTP ports is in their routes.
func ListenerView(v model.Inbound) model.Inbound {
	v.Probes, v.Ports = nil, slices.Clone(v.Ports)
	for i, p := range v.Ports {
		if p.Protocol.IsHTTP() {
			v.Ports[i].Policy.Callers = nil
		}
	}
	return v
}

func meshMatch(port uint16) *listenerv3.FilterChainMatch {
	return chainMatch(port, "tls", alpn)
}

// tcpBeside takes in what callers of a mixed port speak as TCP. They name no
// HTTP/2 in their handshake, which leaves that name to the chain of HTTP.
func tcpBeside(trustDomain, name string, p model.InboundPort) *listenerv3.FilterChain {
	if c := tcpMeshChain(trustDomain, name+"|tcp", p.Port, *p.TCP); c != nil {
		return c
	}
	return closedChain(name+"|tcp", meshMatch(p.Port))
}

func chainMatch(port uint16, transport string, alpns ...string) *listenerv3.FilterChainMatch {
	m := &listenerv3.FilterChainMatch{TransportProtocol: transport, ApplicationProtocols: alpns}
	if port != 0 {
		m.DestinationPort = u32(uint32(port))
	}
	return m
}

// portChains are all of a port's chains: what none of them matches would fall to
// the listener's default, whatever the port's own policy says.
func portChains(trustDomain string, p model.InboundPort, permissive bool) []*listenerv3.FilterChain {
	name := InboundRouteName(p.Port)
	var chains []*listenerv3.FilterChain
	if p.Protocol.IsHTTP() {
		match := meshMatch(p.Port)
		if p.TCP != nil {
			match.ApplicationProtocols = []string{"h2"}
			chains = append(chains, tcpBeside(trustDomain, name, p))
		}
		chains = append(chains, &listenerv3.FilterChain{
			Name: name, FilterChainMatch: match, TransportSocket: downstreamTLS(trustDomain, nil), Filters: httpFilters(p),
		})
	} else if c := tcpMeshChain(trustDomain, name, p.Port, p.Policy); c != nil {
		chains = append(chains, c)
	} else {
		chains = append(chains, closedChain(name, meshMatch(p.Port)))
	}
	return append(chains, plainChain(trustDomain, name, p, permissive), foreignChain(trustDomain, name, p, permissive))
}

// tcpMeshChain takes in connections of the mesh; nil where nobody may connect.
// The callers are told apart by the handshake, for the filter that enforces the
// policy waits for the first byte of the client: a server that speaks first
// would be heard before.
func tcpMeshChain(trustDomain, name string, port uint16, p model.Policy) *listenerv3.FilterChain {
	callers := connectingCallers(p)
	if !p.AllowAll && len(callers) == 0 {
		return nil
	}
	return &listenerv3.FilterChain{
		Name: name, FilterChainMatch: meshMatch(port), TransportSocket: downstreamTLS(trustDomain, callers), Filters: tcpFilters(trustDomain, p),
	}
}

// connectingCallers are whom a policy lets connect; none where it names nobody,
// for everybody may.
func connectingCallers(p model.Policy) (ids []model.Identity) {
	if p.AllowAll {
		return nil
	}
	for _, c := range p.Callers {
		if c.Any {
			ids = append(ids, c.Identity)
		}
	}
	return ids
}

// plainChain takes in plaintext. Where it may not come, HTTP gets an answer that
// says why.
func plainChain(trustDomain, name string, p model.InboundPort, permissive bool) *listenerv3.FilterChain {
	c := closedChain(name+"|plaintext", chainMatch(p.Port, "raw_buffer"))
	switch {
	case p.Protocol.IsHTTP() && permissive:
		c.Filters = httpFilters(p)
	case p.Protocol.IsHTTP():
		c.Filters = refuseFilters()
	case permissive && p.Policy.AllowAll:
		c.Filters = tcpFilters(trustDomain, p.Policy)
	}
	return c
}

// foreignChain takes in the application's own TLS, of which only the
// application can make sense.
func foreignChain(trustDomain, name string, p model.InboundPort, permissive bool) *listenerv3.FilterChain {
	c := closedChain(name+"|tls", chainMatch(p.Port, "tls"))
	if permissive && p.Policy.AllowAll {
		c.Filters = tcpFilters(trustDomain, p.Policy)
	}
	return c
}

// closedChain closes what it takes in.
func closedChain(name string, match *listenerv3.FilterChainMatch) *listenerv3.FilterChain {
	return &listenerv3.FilterChain{Name: name, FilterChainMatch: match, Filters: closedFilters()}
}

func tcpFilters(trustDomain string, p model.Policy) []*listenerv3.Filter {
	return []*listenerv3.Filter{networkRBAC(trustDomain, p), tcpProxy("inbound", InboundTCPCluster, serverTCPFigures()...)}
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
	m.AccessLog = []*accesslogv3.AccessLog{deniedFigures(nil, MissingCertificate)}
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
			RequestHeadersToRemove: []string{PathHeader},
			// The application has seen the request, whatever it says itself.
			ResponseHeadersToRemove: []string{UnprocessedHeader},
			TypedPerFilterConfig:    map[string]*anypb.Any{httpRBACFilter: packed(httpRBAC(trustDomain, p.Policy))},
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
