package engine

import (
	"net/netip"

	"google.golang.org/protobuf/proto"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// unit is what all callers of a Service share: built once for the fleet.
type unit struct {
	clusters slots[uint16, model.Cluster]
	// names are the EDS names of the clusters, which hold a hash of each.
	names     map[uint16]string
	endpoints slots[uint16, namedEndpoints]
	scopes    slots[netip.AddrPort, model.Outbound]
}

// namedEndpoints are endpoints under the name that their cluster asks for.
type namedEndpoints struct {
	Name string
	model.Endpoints
}

func newUnit() *unit {
	return &unit{
		clusters: slots[uint16, model.Cluster]{}, names: map[uint16]string{},
		endpoints: slots[uint16, namedEndpoints]{}, scopes: slots[netip.AddrPort, model.Outbound]{},
	}
}

// refresh rebuilds what has changed, and tells whether anything has.
func (u *unit) refresh(v resolve.ServiceViews) bool {
	changed := false
	ports := map[uint16]bool{}
	for _, c := range v.Clusters {
		ports[c.Name.Port] = true
		changed = u.refreshCluster(c) || changed
	}
	changed = u.refreshEndpoints(v.Endpoints) || changed
	addrs := map[netip.AddrPort]bool{}
	for _, o := range v.Outbound {
		a := netip.AddrPortFrom(o.Address, o.Name.Port)
		addrs[a] = true
		changed = u.scopes.put(a, envoy.ScopeName(a), o, buildScope) || changed
	}
	changed = u.clusters.keep(ports) || changed
	changed = u.endpoints.keep(ports) || changed
	return u.scopes.keep(addrs) || changed
}

func (u *unit) refreshCluster(c model.Cluster) bool {
	var built *clusterv3.Cluster
	changed := u.clusters.put(c.Name.Port, envoy.ClusterName(c.Name), c, func(c model.Cluster) (proto.Message, error) {
		built = envoy.BuildCluster(c)
		return built, nil
	})
	if changed {
		u.names[c.Name.Port] = envoy.EndpointsName(built)
	}
	return changed
}

func (u *unit) refreshEndpoints(es []model.Endpoints) bool {
	changed := false
	for _, e := range es {
		port := e.Cluster.Port
		if name := u.names[port]; name != "" {
			changed = u.endpoints.put(port, name, namedEndpoints{name, e}, buildEndpoints) || changed
		}
	}
	return changed
}

func buildScope(o model.Outbound) (proto.Message, error) { return envoy.BuildOutbound(o) }

func buildEndpoints(e namedEndpoints) (proto.Message, error) {
	return envoy.BuildEndpoints(e.Name, e.Endpoints), nil
}

func (u *unit) errors() []error {
	return u.scopes.errors(u.endpoints.errors(u.clusters.errors(nil)))
}

// parts are the resources of a snapshot by type, while it is put together.
type parts [6][]*xds.Resource

func (p *parts) addUnit(u *unit) {
	p[xds.Cluster] = u.clusters.resources(p[xds.Cluster])
	p[xds.Endpoint] = u.endpoints.resources(p[xds.Endpoint])
	p[xds.ScopedRoute] = u.scopes.resources(p[xds.ScopedRoute])
}
