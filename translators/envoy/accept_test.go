package envoy

import (
	"net/netip"
	"testing"
	"time"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/envoy/envoytest"
	"github.com/weft-mesh/weft/translators/model"
)

var (
	webService = model.ServicePort{Service: model.Key{Namespace: "shop", Name: "web"}, Port: 80}
	dbService  = model.ServicePort{Service: model.Key{Namespace: "shop", Name: "db"}, Port: 3306}
	dnsService = model.ServicePort{Service: model.Key{Namespace: "shop", Name: "dns"}, Port: 53, UDP: true}
	front      = model.Identity{Namespace: "shop", Name: "front"}
	back       = model.Identity{Namespace: "shop", Name: "back"}
)

func sampleMatch() model.HTTPMatch {
	return model.HTTPMatch{
		Methods: []string{"GET", "HEAD"}, PathRegex: "/books/[0-9]+",
		Headers: []model.HeaderMatch{{Name: "host", Regex: "web.*"}, {Name: "x-debug", Regex: "1|true"}},
	}
}

func sampleInbound(mtls model.MTLS) model.Inbound {
	policy := model.Policy{Callers: []model.Caller{
		{Identity: back, Any: true},
		{Identity: front, Routes: []model.AllowedRoute{
			{Name: "shop/g/books", Match: sampleMatch()},
			{Name: "shop/g/prefix", Match: model.HTTPMatch{PathRegex: "/api/.*"}},
			{Name: "shop/g/exact", Match: model.HTTPMatch{PathRegex: "^/health$"}},
		}},
	}}
	return model.Inbound{
		TrustDomain: "cluster.local", MTLS: mtls, IPv6: true,
		Ports: []model.InboundPort{
			{Port: 80, Protocol: model.ProtocolHTTP, Policy: policy},
			{Port: 81, Protocol: model.ProtocolHTTP2, Policy: model.Policy{AllowAll: true}},
			{Port: 82, Protocol: model.ProtocolHTTP},
			{Port: 3306, Protocol: model.ProtocolTCP, Policy: policy},
		},
		UDP: []model.InboundPort{{Port: 80, Protocol: model.ProtocolUDP, Policy: policy}, {Port: 5353, Protocol: model.ProtocolUDP}},
		Probes: []model.Probe{
			{Path: "/weft-probe/a/liveness", Kind: model.ProbeHTTP, Port: 80, Target: "/live?full=1", Host: "web", Period: 10 * time.Second, Timeout: time.Second},
			{Path: "/weft-probe/a/readiness", Kind: model.ProbeHTTPS, Port: 443, Period: 10 * time.Second, Timeout: time.Second},
			{Path: "/weft-probe/b/liveness", Kind: model.ProbeTCP, Port: 3306, Period: 10 * time.Second, Timeout: time.Second},
			{Path: "/weft-probe/b/readiness", Kind: model.ProbeGRPC, Port: 81, Service: "x", Period: 10 * time.Second, Timeout: time.Second},
		},
	}
}

func sampleOutbound() model.Outbound {
	m := sampleMatch()
	return model.Outbound{Name: webService, Address: netip.MustParseAddr("198.19.0.1"), Routes: []model.OutboundRoute{
		{Name: "shop/canary", Match: &m, Backends: []model.WeightedCluster{{Cluster: webService, Weight: 3}, {Cluster: dbService}}},
		{Name: "shop/none", Match: &m},
		{Backends: []model.WeightedCluster{{Cluster: webService, Weight: 1}}},
	}}
}

func sampleListener() model.OutboundListener {
	addr := netip.MustParseAddrPort
	return model.OutboundListener{
		Services: []netip.Prefix{netip.MustParsePrefix("198.19.0.0/16"), netip.MustParsePrefix("fd00::/112")},
		Ports:    []model.PortRule{{Port: 80, Protocol: model.ProtocolHTTP}, {Port: 3306, Protocol: model.ProtocolTCP}},
		Exceptions: []model.AddressRule{
			{Addr: addr("198.19.0.2:80"), Protocol: model.ProtocolTCP},
			{Addr: addr("198.19.0.3:80"), Protocol: model.ProtocolOutside},
			{Addr: addr("[fd00::1]:8080"), Protocol: model.ProtocolHTTP},
		},
		Pods:   []netip.Prefix{netip.MustParsePrefix("198.18.0.0/24"), netip.MustParsePrefix("fd00::/64")},
		Egress: model.EgressAllow, IPv6: true,
	}
}

func must[T proto.Message](t *testing.T) func(T, error) T {
	return func(m T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := Validate(m); err != nil {
			t.Errorf("Validate: %v", err)
		}
		return m
	}
}

func TestEnvoyAcceptsWhatIsBuilt(t *testing.T) {
	listener, route := must[*listenerv3.Listener](t), must[*routev3.RouteConfiguration](t)
	clusters := append(BuildPodClusters(sampleInbound(model.MTLSStrict).Probes),
		BuildCluster(model.Cluster{Name: webService, Protocol: model.ProtocolHTTP, TrustDomain: "cluster.local", Identities: []model.Identity{front, back}}),
		BuildCluster(model.Cluster{Name: dbService, Protocol: model.ProtocolTCP, TrustDomain: "cluster.local", Split: true}),
		BuildCluster(model.Cluster{Name: dnsService, Protocol: model.ProtocolUDP, TrustDomain: "cluster.local", Identities: []model.Identity{back}}),
	)
	direct := BuildDirectCluster(model.DirectCluster{Addr: netip.MustParseAddrPort("198.18.0.1:80"), TrustDomain: "cluster.local", Identities: []model.Identity{front}})
	if err := Validate(direct); err != nil {
		t.Error(err) // not loaded below: a static cluster can't have its secrets from ADS
	}
	for _, c := range clusters {
		if err := Validate(c); err != nil {
			t.Errorf("%s: %v", c.GetName(), err)
		}
	}
	for _, mtls := range []model.MTLS{model.MTLSStrict, model.MTLSPermissive} {
		in := sampleInbound(mtls)
		listeners := []*listenerv3.Listener{
			listener(BuildInboundListener(in)), listener(BuildOutboundListener(sampleListener())), listener(BuildProbesListener(in)),
			listener(BuildUDPListener(model.UDPListener{Name: dnsService, Address: netip.MustParseAddr("198.19.0.1"), Tunnel: true})),
			listener(BuildUDPListener(model.UDPListener{Name: dnsService, Address: netip.MustParseAddr("198.19.0.1")})),
		}
		var routes []*routev3.RouteConfiguration
		for _, p := range in.UDP {
			routes = append(routes, route(BuildInboundUDPRoute(in.TrustDomain, p)))
		}
		for _, p := range in.Ports {
			if p.Protocol.IsHTTP() {
				routes = append(routes, route(BuildInboundRoute(in.TrustDomain, p)))
			}
		}
		scope, err := BuildOutbound(sampleOutbound())
		if err != nil {
			t.Fatal(err)
		}
		envoytest.Accepts(t, listeners, clusters, append(routes, scope.GetRouteConfiguration()))
	}
	envoytest.Accepts(t, []*listenerv3.Listener{listener(BuildOutboundListener(model.OutboundListener{Egress: model.EgressDeny}))}, nil, nil)
}
