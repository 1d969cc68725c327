package envoy

import (
	"net/netip"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/weft-mesh/weft/translators/model"
)

// scopeShape is what the routes of Services have in common that tell no requests
// apart: all go to one backend, or to some by weight.
type scopeShape struct {
	port, backend uint16
	backends      int
	split         bool
}

// Outbound encodes the routes of one address. A new weight costs its bytes.
func (e *Encoder) Outbound(v model.Outbound) ([]byte, error) {
	if !onlyWeights(v) || !e.addScope(v) {
		m, err := BuildOutbound(v)
		return e.whole(m, err)
	}
	r := v.Routes[0]
	shape := scopeShape{v.Name.Port, r.Backends[0].Cluster.Port, len(r.Backends), r.Name != ""}
	t := e.scopes[shape]
	if t == nil {
		name, like, marks := namelessScope(v)
		var err error
		if t, err = learn(e.scopes, shape, buildScope(name, like), marks); err != nil {
			return nil, err
		}
	}
	return e.fill(t), nil
}

// onlyWeights tells that backends of one port share all requests, each some.
func onlyWeights(v model.Outbound) bool {
	if len(v.Routes) != 1 || v.Routes[0].Match != nil || len(v.Routes[0].Backends) == 0 || v.Name.UDP {
		return false
	}
	bs := v.Routes[0].Backends
	for _, b := range bs {
		if b.Weight == 0 || b.Cluster.UDP || b.Cluster.Port != bs[0].Cluster.Port {
			return false
		}
	}
	return weightUnit(bs, func(b model.WeightedCluster) uint32 { return b.Weight }) == 1
}

// addScope adds what is in the holes of namelessScope, and tells whether there can
// be a template for it.
func (e *Encoder) addScope(v model.Outbound) bool {
	e.values.reset()
	e.values.buf = netip.AddrPortFrom(v.Address, v.Name.Port).AppendTo(e.values.buf)
	e.values.end()
	e.values.add(v.Name.Service.Namespace, v.Name.Service.Name)
	r := v.Routes[0]
	if r.Name != "" {
		e.values.add(r.Name)
	}
	for _, b := range r.Backends {
		e.values.add(b.Cluster.Service.Namespace, b.Cluster.Service.Name)
		if len(r.Backends) > 1 {
			e.values.buf = protowire.AppendVarint(e.values.buf, uint64(b.Weight))
			e.values.end()
		}
	}
	return !e.values.empty && len(e.values.ends) <= maxNames
}

// namelessScope is a scope with marks for its name, all other names and the
// weights.
func namelessScope(v model.Outbound) (name string, like model.Outbound, marks []string) {
	next := func() string {
		marks = append(marks, mark(len(marks)))
		return marks[len(marks)-1]
	}
	name = next()
	like.Name = model.ServicePort{Service: model.Key{Namespace: next(), Name: next()}, Port: v.Name.Port}
	r := model.OutboundRoute{}
	if v.Routes[0].Name != "" {
		r.Name = next()
	}
	for i, b := range v.Routes[0].Backends {
		b.Cluster.Service = model.Key{Namespace: next(), Name: next()}
		if len(v.Routes[0].Backends) > 1 {
			b.Weight = markWeight(i)
			marks = append(marks, varintMark(b.Weight))
		}
		r.Backends = append(r.Backends, b)
	}
	like.Routes = []model.OutboundRoute{r}
	return name, like, marks
}

// markWeight stands for a weight. As many as have a template add up to what Envoy
// takes, so that none is divided.
func markWeight(i int) uint32 { return 0x0b5a3c00 + uint32(i) }
