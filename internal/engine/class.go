package engine

import (
	"maps"
	"net/netip"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// sight is what all proxies of one identity share of the mesh's outside.
type sight struct {
	services map[unitKey]bool
	// listed are the addresses that the listener leads to routes and clusters:
	// nobody has to ask for them.
	listed   map[netip.AddrPort]bool
	listener slot[model.OutboundListener]
}

// set takes a new view in, and tells whether proxies run something else by it.
func (s *sight) set(v resolve.Sight) bool {
	services := make(map[unitKey]bool, len(v.Services)+len(v.UDP))
	for _, k := range v.Services {
		services[unitKey{k, false}] = true
	}
	for _, k := range v.UDP {
		services[unitKey{k, true}] = true
	}
	changed := !maps.Equal(services, s.services)
	s.services = services
	s.listed = map[netip.AddrPort]bool{}
	for _, a := range v.Listener.HTTP {
		s.listed[a] = true
	}
	for _, d := range v.Listener.TCP {
		s.listed[d.Addr] = true
	}
	return s.listener.set(envoy.OutboundListenerName, v.Listener, func(l model.OutboundListener) (proto.Message, error) {
		return envoy.BuildOutboundListener(l)
	}) || changed
}

// class is a proxy class in use: what its members run, and what of that is
// stale.
type class struct {
	key     resolve.Class
	shape   resolve.Shape
	members map[*member]bool

	inbound slot[model.Inbound] // the listener
	routes  slots[string, model.InboundPort]
	probes  slots[string, model.Inbound]
	// clusters for the pods' own side: fixed ones and those of the probes.
	clusters slots[string, []model.Probe]

	snapshot *xds.Snapshot
	// rev is the newest change that the snapshot is known to hold.
	rev uint64
	// past are the last snapshots before it, for proxies that acknowledge late.
	past []pastSnapshot
	// stale are the types that a new snapshot is due for.
	stale types
	// notBefore bounds how often policy is pushed in a burst.
	notBefore time.Time
}

// pastSnapshot is one that was followed by another, and the newest change that
// it held.
type pastSnapshot struct {
	snapshot *xds.Snapshot
	rev      uint64
}

// maxPast bounds how late an acknowledgement may come and still count.
const maxPast = 32

// revOf is the newest change that a snapshot of the class held; 0 if it is
// forgotten.
func (c *class) revOf(s *xds.Snapshot) uint64 {
	if s == c.snapshot {
		return c.rev
	}
	for _, p := range c.past {
		if p.snapshot == s {
			return p.rev
		}
	}
	return 0
}

func newClass(key resolve.Class, shape resolve.Shape) *class {
	return &class{
		key: key, shape: shape, members: map[*member]bool{}, stale: allTypes,
		routes: slots[string, model.InboundPort]{}, probes: slots[string, model.Inbound]{},
		clusters: slots[string, []model.Probe]{},
	}
}

// refreshInbound rebuilds the pods' own side, and tells whether it has changed.
func (c *class) refreshInbound(in model.Inbound) bool {
	changed := c.inbound.set(envoy.InboundListenerName, in, func(in model.Inbound) (proto.Message, error) {
		return envoy.BuildInboundListener(in)
	})
	changed = c.refreshRoutes(in) || changed
	return c.refreshProbes(in) || changed
}

func (c *class) refreshRoutes(in model.Inbound) bool {
	changed := false
	wanted := map[string]bool{}
	for _, p := range in.UDP {
		name := envoy.InboundUDPRouteName(p.Port)
		wanted[name] = true
		changed = c.routes.put(name, name, p, func(p model.InboundPort) (proto.Message, error) {
			return envoy.BuildInboundUDPRoute(in.TrustDomain, p)
		}) || changed
	}
	for _, p := range in.Ports {
		if !p.Protocol.IsHTTP() {
			continue
		}
		name := envoy.InboundRouteName(p.Port)
		wanted[name] = true
		changed = c.routes.put(name, name, p, func(p model.InboundPort) (proto.Message, error) {
			return envoy.BuildInboundRoute(in.TrustDomain, p)
		}) || changed
	}
	return c.routes.keep(wanted) || changed
}

func (c *class) refreshProbes(in model.Inbound) bool {
	changed := false
	probes := in.Probes
	wanted := map[string]bool{}
	for _, m := range envoy.BuildPodClusters(probes) {
		wanted[m.Name] = true
		changed = c.clusters.put(m.Name, m.Name, probes, func([]model.Probe) (proto.Message, error) { return m, nil }) || changed
	}
	changed = c.clusters.keep(wanted) || changed
	if len(probes) == 0 {
		return c.probes.keep(nil) || changed
	}
	in = model.Inbound{Probes: probes, IPv6: in.IPv6}
	return c.probes.put(envoy.ProbesListenerName, envoy.ProbesListenerName, in, func(in model.Inbound) (proto.Message, error) {
		return envoy.BuildProbesListener(in)
	}) || changed
}

// compose puts a snapshot together: new sets of some types, the others as they
// are. A set that holds what it held before stays the same set, so that a
// stream sees at a glance what has not changed.
func (c *class) compose(s *sight, units map[unitKey]*unit, due types) bool {
	sets := map[xds.Type]*xds.Set{}
	changed := c.snapshot == nil
	for t := xds.Cluster; t <= xds.Listener; t++ {
		if c.snapshot != nil {
			sets[t] = c.snapshot.Set(t)
		}
		if !due.has(t) {
			continue
		}
		set := xds.NewSet(c.resources(t, s, units)...)
		if sets[t] == nil || !sets[t].Equal(set) {
			sets[t], changed = set, true
		}
	}
	if !changed {
		return false
	}
	if c.past = append(c.past, pastSnapshot{c.snapshot, c.rev}); len(c.past) > maxPast {
		c.past = c.past[1:]
	}
	c.snapshot = xds.NewSnapshot(sets)
	return true
}

// resources are what the class runs of one type.
func (c *class) resources(t xds.Type, s *sight, units map[unitKey]*unit) []*xds.Resource {
	var rs []*xds.Resource
	switch t {
	case xds.Route:
		return c.routes.resources(nil)
	case xds.Listener:
		rs = c.probes.resources(nil)
		for _, r := range []*xds.Resource{s.listener.res, c.inbound.res} {
			if r != nil {
				rs = append(rs, r)
			}
		}
	case xds.Cluster:
		rs = c.clusters.resources(nil)
	}
	for k := range s.services {
		if u := units[k]; u != nil {
			rs = u.resources(t, rs)
		}
	}
	return rs
}
