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
	b := inboundBuilder{trustDomain: v.TrustDomain, permissive: permissive, headers: v.Headers, ports: map[uint16]chainsOf{}}
	for _, p := range v.Ports {
		b.port(p)
	}
	b.others(v.Other)
	for _, p := range v.UDP {
		b.udp(p)
	}
	b.add(closedChain(), refusedChain(v.Headers))
	if len(b.inspect) > 0 {
		l.ListenerFilters = append(l.ListenerFilters, inspectorOf(b.inspect))
	}
	l.FilterChains, l.FilterChainMatcher = b.chains, inboundMatcher(b.ports, b.other)
	return l, nil
}

// inboundBuilder collects a listener's chains, and which of them takes what.
type inboundBuilder struct {
	trustDomain string
	permissive  bool
	headers     model.HeaderLimits
	chains      []*listenerv3.FilterChain
	ports       map[uint16]chainsOf
	other       chainsOf
	// inspect are the ports where the first bytes of plaintext are looked at.
	inspect []uint16
}

func (b *inboundBuilder) add(chains ...*listenerv3.FilterChain) {
	b.chains = append(b.chains, chains...)
}

// others adds the chains of the ports that no Service speaks of.
func (b *inboundBuilder) others(p model.Policy) {
	b.other = chainsOf{tcp: b.tcp("other", p), plain: b.bytes("other|plaintext", p)}
	b.other.http, b.other.foreign = b.other.tcp, b.other.plain
}

// named adds a chain, and answers with its name.
func (b *inboundBuilder) named(c *listenerv3.FilterChain) string {
	b.add(c)
	return c.GetName()
}

// port adds the chains of one TCP port.
func (b *inboundBuilder) port(p model.InboundPort) {
	name := InboundRouteName(p.Port)
	c := chainsOf{plain: b.plain(name, p), foreign: b.foreign(name, p)}
	if p.Protocol.IsHTTP() {
		c.http = b.named(&listenerv3.FilterChain{
			Name: name, TransportSocket: downstreamTLS(b.trustDomain, nil), Filters: b.httpFilters(p),
		})
		c.tcp = c.http // a pod that is called by its own address
	}
	switch {
	case p.TCP != nil:
		c.tcp = b.tcp(name+"|tcp", *p.TCP)
	case !p.Protocol.IsHTTP():
		c.tcp = b.tcp(name, p.Policy)
		c.http = c.tcp
	}
	if p.Detect && b.permissive {
		b.inspect = append(b.inspect, p.Port)
		c.inspect, c.rest = true, b.bytes(name+"|rest", *p.TCP)
	}
	b.ports[p.Port] = c
}

// udp adds the chain of one UDP port. TCP of the same number, of which no
// Service speaks, is as at any other port.
func (b *inboundBuilder) udp(p model.InboundPort) {
	c, ok := b.ports[p.Port]
	if !ok {
		c = b.other
	}
	c.udp = b.named(udpChain(b.trustDomain, p, b.headers))
	b.ports[p.Port] = c
}

// tcp adds the chain of connections of the mesh; none where nobody may connect.
// The callers are told apart by the handshake, for the filter that enforces the
// policy waits for the first byte of the client: a server that speaks first
// would be heard before.
func (b *inboundBuilder) tcp(name string, p model.Policy) string {
	callers := connectingCallers(p)
	if !p.AllowAll && len(callers) == 0 {
		return ""
	}
	return b.named(&listenerv3.FilterChain{
		Name: name, TransportSocket: downstreamTLS(b.trustDomain, callers), Filters: tcpFilters(b.trustDomain, p),
	})
}

// plain adds the chain of plaintext. Where it may not come, HTTP gets an answer
// that says why.
func (b *inboundBuilder) plain(name string, p model.InboundPort) string {
	switch {
	case p.Protocol.IsHTTP() && b.permissive:
		return b.named(&listenerv3.FilterChain{Name: name + "|plaintext", Filters: b.plainFilters(p)})
	case p.Protocol.IsHTTP():
		return refusedChainName
	default:
		return b.bytes(name+"|plaintext", p.Policy)
	}
}

// foreign adds the chain of the application's own TLS, of which only the
// application can make sense.
func (b *inboundBuilder) foreign(name string, p model.InboundPort) string {
	return b.bytes(name+"|tls", p.Policy)
}

// bytes adds a chain of what has no identity; none where only some may call.
func (b *inboundBuilder) bytes(name string, p model.Policy) string {
	if !b.permissive || !p.AllowAll {
		return ""
	}
	return b.named(&listenerv3.FilterChain{Name: name, Filters: tcpFilters(b.trustDomain, p)})
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

// closedChain closes what it takes in, of any port.
func closedChain() *listenerv3.FilterChain {
	return &listenerv3.FilterChain{Name: closedChainName, Filters: closedFilters()}
}

const refusedChainName = "refused"

// refusedChain answers every request with 403, so that a caller without a
// sidecar reads why.
func refusedChain(h model.HeaderLimits) *listenerv3.FilterChain {
	return &listenerv3.FilterChain{Name: refusedChainName, Filters: refuseFilters(h)}
}

func tcpFilters(trustDomain string, p model.Policy) []*listenerv3.Filter {
	return []*listenerv3.Filter{networkRBAC(trustDomain, p), tcpProxy("inbound", InboundTCPCluster, serverTCPFigures()...)}
}

func (b *inboundBuilder) httpFilters(p model.InboundPort) []*listenerv3.Filter {
	return routed(inboundManager(b.headers), p)
}

// plainFilters take in requests of callers outside of the mesh. Nobody tells
// these that the pod is about to end, other than its sidecar: a connection that
// is as old as this is closed with its next answer, so that none is left when
// the application stops (ADR 13).
func (b *inboundBuilder) plainFilters(p model.InboundPort) []*listenerv3.Filter {
	m := inboundManager(b.headers)
	endConnectionsAfter(m, plaintextConnectionLife)
	return routed(m, p)
}

// plaintextConnectionLife is less than the seconds that an application waits
// before it stops.
const plaintextConnectionLife = 2

func routed(m *hcmv3.HttpConnectionManager, p model.InboundPort) []*listenerv3.Filter {
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{ConfigSource: overADS(), RouteConfigName: InboundRouteName(p.Port)}}
	return []*listenerv3.Filter{networkFilter(hcmFilter, m)}
}

func refuseFilters(h model.HeaderLimits) []*listenerv3.Filter {
	m := connectionManager("refused", h)
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
			RequestHeadersToRemove: []string{PathHeader, LevelPathHeader},
			// The application has seen the request, whatever it says itself.
			ResponseHeadersToRemove: []string{UnprocessedHeader},
			TypedPerFilterConfig:    map[string]*anypb.Any{httpRBACFilter: packed(httpRBAC(trustDomain, p.Policy))},
			Routes:                  applicationRoutes(cluster),
		}},
	}, nil
}

// applicationRoutes lead to the application. A connection that it closes while a
// request is on its way there takes the request with it, which is sent again
// where that is known to do no harm: over HTTP/1 what asks for nothing to be
// done (RFC 9110, 9.2.2), over HTTP/2 what the application has refused.
func applicationRoutes(cluster string) []*routev3.Route {
	all := applicationRoute(cluster)
	if cluster == InboundHTTP2Cluster {
		all.GetRoute().RetryPolicy = &routev3.RetryPolicy{
			// An application that takes few streams at a time says so after it has
			// been sent more.
			RetryOn: "refused-stream", NumRetries: u32(20), RetryBackOff: &routev3.RetryPolicy_RetryBackOff{BaseInterval: milliseconds(5), MaxInterval: milliseconds(100)},
		}
		return []*routev3.Route{all}
	}
	safe := applicationRoute(cluster)
	safe.Match.Headers = []*routev3.HeaderMatcher{headerMatcher(":method", "GET|HEAD|OPTIONS|TRACE")}
	safe.GetRoute().RetryPolicy = &routev3.RetryPolicy{
		RetryOn: "reset", NumRetries: u32(5), RetryBackOff: &routev3.RetryPolicy_RetryBackOff{BaseInterval: milliseconds(1), MaxInterval: milliseconds(10)},
	}
	return []*routev3.Route{safe, all}
}

func applicationRoute(cluster string) *routev3.Route {
	return &routev3.Route{
		Match: routeMatch(nil),
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: cluster},
			Timeout:          seconds(0),
			UpgradeConfigs:   []*routev3.RouteAction_UpgradeConfig{{UpgradeType: "websocket"}},
		}},
	}
}
