package engine

import (
	"net/netip"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// layers holds something for each type of resource that a class runs.
type layers [xds.Listener + 1]*xds.Layer

// sight is what all proxies that may call the same share: the Services that
// they see, and the listener that leads there.
type sight struct {
	key     string
	classes map[*class]bool
	units   map[unitKey]*unit
	// listed are the addresses that the listener leads to routes and clusters:
	// nobody has to ask for them.
	listed   map[netip.AddrPort]bool
	listener slot[model.OutboundListener]

	layers layers
	// due is what the layers do not hold yet.
	due [xds.Listener + 1]balance
}

// balance counts how often a resource came, less how often it went. Two Services
// may hand a name over, and tell of it in any order.
type balance map[*xds.Resource]int

func (b *balance) add(rs []*xds.Resource, n int) {
	if *b == nil && len(rs) > 0 {
		*b = balance{}
	}
	for _, r := range rs {
		(*b)[r] += n
	}
}

func newSight(key string, built prometheus.Counter) *sight {
	s := &sight{key: key, listener: slot[model.OutboundListener]{built: built}, classes: map[*class]bool{}, units: map[unitKey]*unit{}}
	for t := range s.layers {
		s.layers[t] = xds.NewLayer()
	}
	return s
}

// add notes resources that come (n is 1) or go (-1).
func (s *sight) add(rs resources, n int) {
	for t := range rs {
		s.due[t].add(rs[t], n)
	}
}

// setListener takes a new listener in, and tells whether other addresses are
// listed than before.
func (s *sight) setListener(v model.OutboundListener) bool {
	if s.listener.same(v) {
		return false
	}
	s.listed = map[netip.AddrPort]bool{}
	for _, a := range v.HTTP {
		s.listed[a] = true
	}
	for _, d := range v.TCP {
		s.listed[d.Addr] = true
	}
	was := s.listener.res
	if s.listener.set(envoy.OutboundListenerName, v, func(l model.OutboundListener) (proto.Message, error) {
		return envoy.BuildOutboundListener(l)
	}) {
		s.due[xds.Listener].add(some(was), -1)
		s.due[xds.Listener].add(some(s.listener.res), 1)
	}
	return true
}

func some(r *xds.Resource) []*xds.Resource {
	if r == nil {
		return nil
	}
	return []*xds.Resource{r}
}

// settle brings the layers up to date, and tells of which types they changed.
func (s *sight) settle() types {
	var changed types
	for t, due := range s.due {
		if len(due) == 0 {
			continue
		}
		s.due[t] = nil
		var gone []string
		var come []*xds.Resource
		for r, n := range due {
			switch {
			case n < 0:
				gone = append(gone, r.Name)
			case n > 0:
				come = append(come, r)
			}
		}
		if next := s.layers[t].With(gone, come); next != s.layers[t] {
			s.layers[t] = next
			changed |= typesOf(xds.Type(t))
		}
	}
	return changed
}

// wanted are the units of a Sight.
func wanted(v resolve.Sight) map[unitKey]bool {
	keys := make(map[unitKey]bool, len(v.Services)+len(v.UDP))
	for _, k := range v.Services {
		keys[unitKey{k, false}] = true
	}
	for _, k := range v.UDP {
		keys[unitKey{k, true}] = true
	}
	return keys
}

// look takes in what an identity that has the sight sees now, and tells whether
// other addresses are listed than before.
func (e *Engine) look(s *sight, id model.Identity) bool {
	v := e.graph.Sight(id)
	keys := wanted(v)
	for k, u := range s.units {
		if !keys[k] {
			e.unsee(s, k, u)
		}
	}
	for k := range keys {
		if s.units[k] == nil {
			u := e.unit(k)
			s.units[k], u.sights[s] = u, true
			s.add(u.made, 1)
		}
	}
	return s.setListener(v.Listener)
}

func (e *Engine) unsee(s *sight, k unitKey, u *unit) {
	delete(s.units, k)
	delete(u.sights, s)
	s.add(u.made, -1)
	if len(u.sights) == 0 {
		delete(e.units, k)
	}
}

// sight finds the sight of a key that an identity has, or makes it.
func (e *Engine) sight(key string, id model.Identity) *sight {
	s := e.sights[key]
	if s == nil {
		s = newSight(key, e.metrics.built)
		e.sights[key] = s
		e.look(s, id)
		s.settle()
	}
	return s
}

// leaveSight forgets a sight that nobody has any more.
func (e *Engine) leaveSight(s *sight, c *class) {
	delete(s.classes, c)
	if len(s.classes) > 0 {
		return
	}
	delete(e.sights, s.key)
	for k, u := range s.units {
		e.unsee(s, k, u)
	}
}
