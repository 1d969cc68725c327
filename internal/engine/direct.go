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
	member *member
	addr   netip.AddrPort
	slot   slot[model.DirectCluster]
	gone   bool
}

// refresh resolves the address, and signals the proxy where the answer has
// changed. An address that has got routes is not answered any more: Envoy then
// closes what was opened to it, and what is opened anew takes them.
func (d *direct) refresh(g *resolve.Graph) {
	was := d.gone
	if d.gone = g.Routed(d.addr); d.gone {
		if !was {
			d.member.signal()
		}
		return
	}
	if d.slot.set(envoy.DirectName(d.addr), g.Direct(d.addr), func(v model.DirectCluster) (proto.Message, error) {
		return envoy.BuildDirectCluster(v), nil
	}) || was {
		d.member.signal()
	}
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
		d = &direct{member: m, addr: addr, slot: slot[model.DirectCluster]{built: e.metrics.built}}
		d.refresh(e.graph)
		m.direct[name] = d
		e.watch(d)
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
	if d := m.direct[name]; d != nil {
		m.engine.unwatch(d)
		delete(m.direct, name)
	}
}

func (e *Engine) watch(d *direct) {
	a := d.addr.Addr()
	if e.directs[a] == nil {
		e.directs[a] = map[*direct]bool{}
	}
	e.directs[a][d] = true
}

func (e *Engine) unwatch(d *direct) {
	a := d.addr.Addr()
	delete(e.directs[a], d)
	if len(e.directs[a]) == 0 {
		delete(e.directs, a)
	}
}
