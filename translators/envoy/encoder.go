package envoy

import (
	"fmt"
	"net/netip"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/model"
)

// Encoder encodes what a Service is made of, and who may call its pods: the bytes
// of BuildCluster, BuildEndpoints, BuildOutbound, BuildInboundRoute and
// BuildInboundUDPRoute, validated. It remembers what such messages
// look like, so that one which differs from an earlier one in names alone costs
// its bytes and no more. It is not safe for concurrent use, and the bytes that
// it gives hold until it is asked again.
type Encoder struct {
	clusters  map[clusterShape]*wireTemplate
	endpoints map[endpointsShape]*wireTemplate
	scopes    map[scopeShape]*wireTemplate
	inbounds  map[inboundShape]*wireTemplate
	rights    rights
	callers   callerList
	values    values
	buf       []byte
	filled    backwards
}

// maxTemplates bounds what an Encoder remembers of each kind, maxNames how many
// names a message may have to be worth it.
const (
	maxTemplates = 512
	maxNames     = 50
)

// NewEncoder makes one that remembers nothing.
func NewEncoder() *Encoder {
	return &Encoder{
		clusters: map[clusterShape]*wireTemplate{}, endpoints: map[endpointsShape]*wireTemplate{}, scopes: map[scopeShape]*wireTemplate{},
		inbounds: map[inboundShape]*wireTemplate{}, rights: rights{encoded: map[string][]byte{}},
	}
}

// whole encodes what has no template.
func (e *Encoder) whole(m proto.Message, err error) ([]byte, error) {
	if err == nil {
		err = Validate(m)
	}
	if err != nil {
		return nil, err
	}
	if e.buf, err = (proto.MarshalOptions{Deterministic: true}).MarshalAppend(e.buf[:0], m); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return e.buf, nil
}

// fill encodes a template with the values in its holes.
func (e *Encoder) fill(t *wireTemplate) []byte {
	e.filled.reset()
	t.fill(&e.filled, &e.values)
	return e.filled.bytes()
}

// learn makes a template of a message in which marks stand for what differs, and
// keeps it.
func learn[K comparable](of map[K]*wireTemplate, k K, m proto.Message, marks []string) (*wireTemplate, error) {
	if err := Validate(m); err != nil {
		return nil, err
	}
	t, err := newTemplate(m, marks)
	if err != nil {
		return nil, err
	}
	if len(of) >= maxTemplates {
		clear(of)
	}
	of[k] = t
	return t, nil
}

// clusterShape is what clusters have in common that differ in names alone.
type clusterShape struct {
	protocol    model.Protocol
	port        uint16
	udp, split  bool
	addressed   bool
	trustDomain string
	identities  int
	headers     model.HeaderLimits
	named       bool // tells that the name of its endpoints is in it
}

// Cluster encodes a cluster, and gives its name and the one that it asks for
// endpoints by.
func (e *Encoder) Cluster(v model.Cluster) (encoded []byte, name, endpoints string, err error) {
	e.values.reset()
	e.values.add(v.Name.Service.Namespace, v.Name.Service.Name)
	for _, id := range v.Identities {
		e.values.add(id.Namespace, id.Name)
	}
	if v.Address.IsValid() {
		e.values.buf = netip.AddrPortFrom(v.Address, v.Name.Port).AppendTo(e.values.buf)
		e.values.end()
	}
	n := len(e.values.ends)
	if e.values.empty || n > maxNames {
		c := BuildCluster(v)
		encoded, err = e.whole(c, nil)
		return encoded, c.GetName(), EndpointsName(c), err
	}
	shape := clusterShape{
		protocol: v.Protocol, port: v.Name.Port, udp: v.Name.UDP, split: v.Split, addressed: v.Address.IsValid(),
		trustDomain: v.TrustDomain, identities: len(v.Identities), headers: v.Headers,
	}
	t := e.clusters[shape]
	if t == nil {
		if t, err = learn(e.clusters, shape, clusterBody(nameless(v)), clusterMarks(v, n)); err != nil {
			return nil, "", "", err
		}
	}
	print := digest(e.fill(t))
	e.values.add(print)
	shape.named = true
	if t = e.clusters[shape]; t == nil {
		if t, err = learn(e.clusters, shape, askingFor(clusterBody(nameless(v)), mark(n)), append(clusterMarks(v, n), mark(n))); err != nil {
			return nil, "", "", err
		}
	}
	name = NameOf(v)
	return e.fill(t), name, endpointsName(name, print), nil
}

// nameless is a cluster with marks for names.
func nameless(v model.Cluster) model.Cluster {
	v.Name.Service = model.Key{Namespace: mark(0), Name: mark(1)}
	v.Identities = slices.Clone(v.Identities)
	for i := range v.Identities {
		v.Identities[i] = model.Identity{Namespace: mark(2 + 2*i), Name: mark(3 + 2*i)}
	}
	if v.Address.IsValid() {
		v.Address = markAddress(0)
	}
	return v
}

// clusterMarks are the n marks of a nameless cluster.
func clusterMarks(v model.Cluster, n int) []string {
	if !v.Address.IsValid() {
		return marks(n)
	}
	return append(marks(n-1), netip.AddrPortFrom(markAddress(0), v.Name.Port).String())
}

// endpointsShape is what endpoints have in common that differ in names and
// addresses alone.
type endpointsShape struct {
	n      int
	port   uint16
	meshed bool
}

// Endpoints encodes the endpoints of a cluster under a name.
func (e *Encoder) Endpoints(name string, v model.Endpoints) ([]byte, error) {
	shape, ok := shapeOfEndpoints(v)
	if !ok {
		return e.whole(BuildEndpoints(name, v), nil)
	}
	g := v.Groups[0]
	e.values.reset()
	e.values.add(name, g.Backend.Namespace, g.Backend.Name)
	for _, a := range g.Endpoints {
		e.values.buf = a.Addr.Addr().AppendTo(e.values.buf)
		e.values.end()
	}
	if e.values.empty || len(e.values.ends) > maxNames {
		return e.whole(BuildEndpoints(name, v), nil)
	}
	t := e.endpoints[shape]
	if t == nil {
		like, ms := g, marks(3)
		like.Backend, like.Endpoints = model.Key{Namespace: ms[1], Name: ms[2]}, slices.Clone(g.Endpoints)
		for i := range like.Endpoints {
			a := markAddress(i)
			like.Endpoints[i].Addr = netip.AddrPortFrom(a, shape.port)
			ms = append(ms, a.String())
		}
		var err error
		if t, err = learn(e.endpoints, shape, BuildEndpoints(ms[0], model.Endpoints{Groups: []model.EndpointGroup{like}}), ms); err != nil {
			return nil, err
		}
	}
	return e.fill(t), nil
}

// markAddress stands for an address. All are as long.
func markAddress(i int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, 113, byte(100 + i)}) }

// shapeOfEndpoints is false for splits, and where pods differ in more than
// addresses.
func shapeOfEndpoints(v model.Endpoints) (endpointsShape, bool) {
	if len(v.Groups) != 1 || v.Split != (model.Key{}) || v.Groups[0].Weight != 1 {
		return endpointsShape{}, false
	}
	es := v.Groups[0].Endpoints
	if len(es) == 0 {
		return endpointsShape{}, true
	}
	s := endpointsShape{n: len(es), port: es[0].Addr.Port(), meshed: es[0].Meshed}
	return s, !slices.ContainsFunc(es, func(e model.Endpoint) bool { return e.Addr.Port() != s.port || e.Meshed != s.meshed })
}
