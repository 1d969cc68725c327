package engine

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// class is a proxy class in use: what its members run, and what of that is
// stale.
type class struct {
	key     resolve.Class
	shape   resolve.Shape
	members map[*member]bool
	sight   *sight
	common  *sight

	inbound slot[model.Inbound] // the listener
	routes  slots[string, inboundPort]
	probes  slot[model.Inbound] // their listener, if there are any
	own     layers
	shared  *shared

	snapshot *xds.Snapshot
	// rev is the newest change that the snapshot holds while it is stale.
	rev uint64
	// past are the last snapshots before it, for proxies that acknowledge late.
	past []pastSnapshot
	// stale are the types that a new snapshot is due for.
	stale types
	// pace bounds how often policy is pushed in a burst.
	pace pace
}

// inboundPort is a port of the pods, whose callers are of a trust domain.
type inboundPort struct {
	trustDomain string
	model.InboundPort
}

// pastSnapshot is one that was followed by another, and the newest change that
// it held.
type pastSnapshot struct {
	snapshot *xds.Snapshot
	rev      uint64
}

// maxPast bounds how late an acknowledgement may come and still count.
const maxPast = 32

func newClass(key resolve.Class, shape resolve.Shape, common *sight, sh *shared) *class {
	return &class{
		key: key, shape: shape, common: common, members: map[*member]bool{}, shared: sh, routes: newSlots[string, inboundPort](sh.built),
	}
}

// refreshInbound rebuilds the pods' own side, and tells of which types it has
// changed.
func (c *class) refreshInbound(in model.Inbound) types {
	sh := c.shared
	changed := typesOf(xds.Listener).when(sh.listener(&c.inbound, &sh.listeners, envoy.InboundListenerName, envoy.ListenerView(in), func(in model.Inbound) (proto.Message, error) {
		return envoy.BuildInboundListener(in)
	}))
	changed |= typesOf(xds.Route).when(c.refreshRoutes(in))
	changed |= typesOf(xds.Listener).when(c.refreshProbes(in))
	if c.own[xds.Cluster] == nil {
		c.own[xds.Cluster] = sh.podClusters(in.Probes)
		changed |= clusterTypes
	}
	if changed.has(xds.Route) {
		c.own[xds.Route] = xds.NewLayer(c.routes.resources(nil)...)
	}
	if changed.has(xds.Listener) {
		c.own[xds.Listener] = xds.NewLayer(append(some(c.probes.res), some(c.inbound.res)...)...)
	}
	return changed
}

// see has a class see what others of its sight do.
func (c *class) see(s *sight) {
	c.sight = s
	s.classes[c] = true
}

func (c *class) refreshRoutes(in model.Inbound) bool {
	changed := false
	wanted := map[string]bool{}
	for _, p := range in.UDP {
		name := envoy.InboundUDPRouteName(p.Port)
		wanted[name] = true
		changed = c.refreshRoute(name, in.TrustDomain, p, c.shared.encoder.InboundUDPRoute) || changed
	}
	for _, p := range in.Ports {
		if !p.Protocol.IsHTTP() {
			continue
		}
		name := envoy.InboundRouteName(p.Port)
		wanted[name] = true
		changed = c.refreshRoute(name, in.TrustDomain, p, c.shared.encoder.InboundRoute) || changed
	}
	return c.routes.keep(wanted) || changed
}

func (c *class) refreshRoute(name, trustDomain string, p model.InboundPort, encode func(string, model.InboundPort) ([]byte, error)) bool {
	return c.routes.at(name).fill(xds.Route, name, inboundPort{trustDomain, p}, func() ([]byte, error) { return encode(trustDomain, p) })
}

func (c *class) refreshProbes(in model.Inbound) bool {
	if len(in.Probes) == 0 {
		return false
	}
	in = model.Inbound{Probes: in.Probes, IPv6: in.IPv6}
	return c.shared.listener(&c.probes, &c.shared.probes, envoy.ProbesListenerName, in, func(in model.Inbound) (proto.Message, error) {
		return envoy.BuildProbesListener(in)
	})
}

// compose puts a snapshot together: new sets of some types, the others as they
// are. A set that holds what it held before stays the same set, so that a
// stream sees at a glance what has not changed.
func (c *class) compose(due types) bool {
	was, first := c.snapshot, c.snapshot == nil
	if first {
		was = nothing
	}
	changed := first
	var sets xds.Sets
	for t := xds.Cluster; t <= xds.Listener; t++ {
		if !due.has(t) {
			continue
		}
		if set := xds.Layered(c.own[t], c.sight.layers[t], c.common.layers[t]); first || !set.Equal(was.Set(t)) {
			sets[t], changed = set, true
		}
	}
	if !changed {
		return false
	}
	if len(c.past) == maxPast {
		c.past = slices.Delete(c.past, 0, 1)
	}
	c.past = append(c.past, pastSnapshot{c.snapshot, c.rev})
	c.snapshot = was.With(&sets)
	return true
}

// nothing is the snapshot that each follows in the end.
var nothing = xds.NewSnapshot(nil)
