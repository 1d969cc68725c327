//go:build linux

package envoy_test

import (
	"net/netip"
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// views are all that a sidecar runs.
type views struct {
	clusters  []model.Cluster
	endpoints []model.Endpoints
	outbound  []model.Outbound
	udp       []model.UDPListener
	listener  model.OutboundListener
	inbound   model.Inbound
	// eachRoutes changes what was built of the inbound ports.
	eachRoutes func(*routev3.RouteConfiguration)
}

func (v views) snapshot(t *testing.T) *xds.Snapshot {
	t.Helper()
	v.inbound.TrustDomain, v.inbound.IPv6, v.listener.IPv6 = trustDomain, true, true
	sets := map[xds.Type][]*xds.Resource{}
	add := func(kind xds.Type, r *xds.Resource) { sets[kind] = append(sets[kind], r) }
	type key struct {
		model.ServicePort
		netip.Addr
	}
	names := map[key]string{}
	for _, c := range v.clusters {
		c.TrustDomain = trustDomain
		built := envoy.BuildCluster(c)
		names[key{c.Name, c.Address}] = envoy.EndpointsName(built)
		add(xds.Cluster, resource(t, built.GetName(), built))
	}
	for _, c := range envoy.BuildPodClusters(v.inbound.Probes) {
		add(xds.Cluster, resource(t, c.GetName(), c))
	}
	for _, e := range v.endpoints {
		name := names[key{e.Cluster, e.Address}]
		add(xds.Endpoint, resource(t, name, envoy.BuildEndpoints(name, e)))
	}
	for _, o := range v.outbound {
		scope, err := envoy.BuildOutbound(o)
		if err != nil {
			t.Fatal(err)
		}
		add(xds.ScopedRoute, resource(t, scope.GetName(), scope))
	}
	for _, p := range v.inbound.Ports {
		if p.Protocol.IsHTTP() {
			route, err := envoy.BuildInboundRoute(trustDomain, p)
			if err != nil {
				t.Fatal(err)
			}
			if v.eachRoutes != nil {
				v.eachRoutes(route)
			}
			add(xds.Route, resource(t, route.GetName(), route))
		}
	}
	v.addUDP(t, add)
	outbound, err := envoy.BuildOutboundListener(v.listener)
	if err != nil {
		t.Fatal(err)
	}
	inbound, err := envoy.BuildInboundListener(v.inbound)
	if err != nil {
		t.Fatal(err)
	}
	add(xds.Listener, resource(t, outbound.GetName(), outbound))
	add(xds.Listener, resource(t, inbound.GetName(), inbound))
	if envoy.Detects(v.listener) {
		add(xds.Listener, resource(t, envoy.DetectListenerName, envoy.BuildDetectListener(v.listener.Headers)))
	}
	if len(v.inbound.Probes) > 0 {
		probes, err := envoy.BuildProbesListener(v.inbound)
		if err != nil {
			t.Fatal(err)
		}
		add(xds.Listener, resource(t, probes.GetName(), probes))
	}
	built := map[xds.Type]*xds.Set{}
	for kind, rs := range sets {
		built[kind] = xds.NewSet(rs...)
	}
	return xds.NewSnapshot(built)
}

// A Service in its simplest form: one address, one port, all endpoints in the
// mesh.
type service struct {
	name       model.ServicePort
	protocol   model.Protocol
	address    string
	identities []model.Identity
	endpoints  []model.Endpoint
}

// calls adds what a caller needs of a Service.
func (v views) calls(s service) views {
	addr := netip.MustParseAddr(s.address)
	c := model.Cluster{Name: s.name, Protocol: s.protocol, Identities: s.identities}
	e := model.Endpoints{Cluster: s.name, Groups: []model.EndpointGroup{{Backend: s.name.Service, Weight: 1, Endpoints: s.endpoints}}}
	if !s.protocol.IsHTTP() {
		c.Address, e.Address = addr, addr
	}
	v.clusters, v.endpoints = append(v.clusters, c), append(v.endpoints, e)
	v.listener.Exceptions = append(v.listener.Exceptions, model.AddressRule{Addr: netip.AddrPortFrom(addr, s.name.Port), Protocol: s.protocol})
	if !s.protocol.IsHTTP() {
		return v
	}
	v.outbound = append(v.outbound, model.Outbound{Name: s.name, Address: addr, Routes: []model.OutboundRoute{
		{Backends: []model.WeightedCluster{{Cluster: s.name, Weight: 1}}},
	}})
	return v
}

func port(ns, name string, number uint16) model.ServicePort {
	return model.ServicePort{Service: model.Key{Namespace: ns, Name: name}, Port: number}
}

func account(name string) model.Identity { return model.Identity{Namespace: "shop", Name: name} }

// meshed is a pod's address and port as an endpoint in the mesh.
func (p *pod) meshed(port uint16) model.Endpoint {
	return model.Endpoint{Addr: netip.AddrPortFrom(p.addr4, port), Meshed: true}
}
