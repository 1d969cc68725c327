package engine

import (
	"net/netip"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// types is a set of resource types.
type types uint8

func typesOf(ts ...xds.Type) types {
	var m types
	for _, t := range ts {
		m |= 1 << t
	}
	return m
}

func (m types) has(t xds.Type) bool { return m&(1<<t) != 0 }

// when is the set where something holds, and empty where it does not.
func (m types) when(holds bool) types {
	if holds {
		return m
	}
	return 0
}

var (
	endpointTypes = typesOf(xds.Endpoint)
	scopeTypes    = typesOf(xds.ScopedRoute)
	// A cluster that changes asks for endpoints under another name.
	clusterTypes = typesOf(xds.Cluster, xds.Endpoint)
	allTypes     = typesOf(xds.Cluster, xds.Endpoint, xds.Route, xds.ScopedRoute, xds.Listener)
)

// unitKey names a unit: the TCP ports of a Service, or its UDP ports.
type unitKey struct {
	model.Key
	udp bool
}

// views are those of a unit, until the next are asked for: what they are listed in
// is used again.
func (e *Engine) views(k unitKey) *resolve.ServiceViews {
	if k.udp {
		e.graph.ReadUDP(k.Key, &e.read)
	} else {
		e.graph.ReadService(k.Key, &e.read)
	}
	return &e.read
}

// unit is what all callers of a Service share: built once for the fleet.
type unit struct {
	clusters slots[dialled, model.Cluster]
	// names are what the clusters ask for endpoints by: each holds a hash of its
	// cluster.
	names     []endpointsName
	endpoints slots[dialled, namedEndpoints]
	scopes    slots[netip.AddrPort, model.Outbound]
	listeners slots[netip.AddrPort, model.UDPListener]
	// sights are those that see it, and made what they have of it.
	sights  map[*sight]bool
	made    resources
	encoder *envoy.Encoder
}

// dialled tells a Service's clusters apart: by port, and where connections find
// them by it, by address.
type dialled struct {
	port uint16
	addr netip.Addr
}

type endpointsName struct {
	dialled
	name string
}

// resources are some of each type.
type resources [xds.Listener + 1][]*xds.Resource

// namedEndpoints are endpoints under the name that their cluster asks for.
type namedEndpoints struct {
	Name string
	model.Endpoints
}

func newUnit(built prometheus.Counter, encoder *envoy.Encoder) *unit {
	return &unit{
		clusters:  newSlots[dialled, model.Cluster](built),
		endpoints: newSlots[dialled, namedEndpoints](built), scopes: newSlots[netip.AddrPort, model.Outbound](built),
		listeners: newSlots[netip.AddrPort, model.UDPListener](built), sights: map[*sight]bool{}, encoder: encoder,
	}
}

// unit finds the unit of a Service, or makes it.
func (e *Engine) unit(k unitKey) *unit {
	u := e.units[k]
	if u == nil {
		u = newUnit(e.metrics.built, e.shared.encoder)
		e.units[k] = u
		e.rebuilt(k, u, u.refresh(e.views(k)))
	}
	return u
}

// rebuilt hands what has changed of a unit to all who see it.
func (e *Engine) rebuilt(k unitKey, u *unit, changed types) {
	for _, err := range u.errors() {
		e.log.Error(err, "keep last good version", "service", k.String())
	}
	for t, was := range u.made {
		if !changed.has(xds.Type(t)) {
			continue
		}
		u.made[t] = u.resources(xds.Type(t), nil)
		if len(u.sights) == 0 {
			continue
		}
		due := steps(was, u.made[t])
		for s := range u.sights {
			s.add(xds.Type(t), due)
			e.unsettled[s] = true
		}
	}
}

// refresh rebuilds what has changed, and tells of which types.
func (u *unit) refresh(v *resolve.ServiceViews) types {
	var changed types
	ports := map[dialled]bool{}
	for _, c := range v.Clusters {
		ports[dialled{c.Name.Port, c.Address}] = true
		changed |= clusterTypes.when(u.refreshCluster(c))
	}
	changed |= u.refreshEndpoints(v.Endpoints)
	addrs := map[netip.AddrPort]bool{}
	for _, o := range v.Outbound {
		a := netip.AddrPortFrom(o.Address, o.Name.Port)
		addrs[a] = true
		changed |= scopeTypes.when(u.refreshScope(a, o))
	}
	changed |= u.refreshListeners(v.UDP)
	changed |= clusterTypes.when(u.clusters.keep(ports))
	changed |= endpointTypes.when(u.endpoints.keep(ports))
	return changed | scopeTypes.when(u.scopes.keep(addrs))
}

func (u *unit) refreshListeners(ls []model.UDPListener) types {
	changed := false
	addrs := map[netip.AddrPort]bool{}
	for _, l := range ls {
		a := netip.AddrPortFrom(l.Address, l.Name.Port)
		addrs[a] = true
		changed = u.listeners.put(a, envoy.UDPListenerName(a), l, buildUDPListener) || changed
	}
	return typesOf(xds.Listener).when(u.listeners.keep(addrs) || changed)
}

func (u *unit) refreshCluster(c model.Cluster) bool {
	at := dialled{c.Name.Port, c.Address}
	slot := u.clusters.at(at)
	if slot.same(c) {
		return false
	}
	encoded, name, asks, err := u.encoder.Cluster(c)
	if !slot.take(c, resource(xds.Cluster, name, encoded, err), err) {
		return false
	}
	u.names = append(slices.DeleteFunc(u.names, func(n endpointsName) bool { return n.dialled == at }), endpointsName{at, asks})
	return true
}

// endpointsName is what a cluster asks for endpoints by; empty where there is no
// such cluster.
func (u *unit) endpointsName(at dialled) string {
	for _, n := range u.names {
		if n.dialled == at {
			return n.name
		}
	}
	return ""
}

func (u *unit) refreshScope(at netip.AddrPort, o model.Outbound) bool {
	return u.scopes.at(at).fill(xds.ScopedRoute, envoy.ScopeName(at), o, func() ([]byte, error) { return u.encoder.Outbound(o) })
}

func (u *unit) refreshEndpoints(es []model.Endpoints) types {
	changed := false
	for _, e := range es {
		at := dialled{e.Cluster.Port, e.Address}
		name := u.endpointsName(at)
		if name == "" {
			continue
		}
		changed = u.endpoints.at(at).fill(xds.Endpoint, name, namedEndpoints{name, e}, func() ([]byte, error) {
			return u.encoder.Endpoints(name, e)
		}) || changed
	}
	return endpointTypes.when(changed)
}

// resource is what an encoder gave, nil where it gave none.
func resource(t xds.Type, name string, encoded []byte, err error) *xds.Resource {
	if err != nil {
		return nil
	}
	return xds.EncodedResource(t, name, encoded)
}

func buildUDPListener(l model.UDPListener) (proto.Message, error) { return envoy.BuildUDPListener(l) }

func (u *unit) errors() []error {
	return u.listeners.errors(u.scopes.errors(u.endpoints.errors(u.clusters.errors(nil))))
}

// resources adds those of one type.
func (u *unit) resources(t xds.Type, to []*xds.Resource) []*xds.Resource {
	switch t {
	case xds.Cluster:
		return u.clusters.resources(to)
	case xds.Endpoint:
		return u.endpoints.resources(to)
	case xds.ScopedRoute:
		return u.scopes.resources(to)
	case xds.Listener:
		return u.listeners.resources(to)
	}
	return to
}
