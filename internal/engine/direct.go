package engine

import (
	"net/netip"

	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// direct is one address that a proxy asked for.
type direct struct {
	addr netip.AddrPort
	slot slot[model.DirectCluster]
	gone bool
}

// refresh resolves the address, and tells whether the answer has changed. An
// address that has got routes or a cluster of its own is not answered any more:
// Envoy then closes what was opened to it, and what is opened anew takes them.
func (d *direct) refresh(g *resolve.Graph, s *sight) bool {
	was := d.gone
	d.gone = s.listed[d.addr]
	if d.gone {
		return !was
	}
	return d.slot.set(envoy.DirectName(d.addr), g.Direct(d.addr), func(v model.DirectCluster) (proto.Message, error) {
		return envoy.BuildDirectCluster(v), nil
	}) || was
}

// OnDemand answers for a cluster that the proxy asked for by name.
func (m *member) OnDemand(name string) *xds.Resource {
	e := m.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	d := m.direct[name]
	if d == nil {
		addr, ok := envoy.ParseDirectName(name)
		if !ok {
			return nil
		}
		d = &direct{addr: addr}
		d.refresh(e.graph, e.sights[m.class.key.Identity])
		m.direct[name] = d
	}
	if d.gone {
		return nil
	}
	return d.slot.res
}

// Forget ends the watch of a name that the proxy no longer asks for.
func (m *member) Forget(name string) {
	m.engine.mu.Lock()
	defer m.engine.mu.Unlock()
	delete(m.direct, name)
}

// refreshDirect resolves anew what proxies asked for by address.
func (e *Engine) refreshDirect(d *resolve.Dirty) {
	for _, ms := range e.members {
		for m := range ms {
			s := e.sights[m.class.key.Identity]
			_, moved := d.Outbound[m.class.key.Identity]
			all := moved || d.AllOutbound || d.Everything
			for _, r := range m.direct {
				if _, dirty := d.Addresses[r.addr.Addr()]; (dirty || all) && r.refresh(e.graph, s) {
					m.signal()
				}
			}
		}
	}
}
