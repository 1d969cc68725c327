package resolve

import (
	"net/netip"

	"github.com/weft-mesh/weft/translators/model"
)

// DefaultTrustDomain is the trust domain of a mesh that names none.
const DefaultTrustDomain = "cluster.local"

// Graph holds the fragments and what follows from them. It is not safe for
// concurrent use.
type Graph struct {
	// mesh is what is in force; config what the MeshConfig says of it.
	mesh       model.Mesh
	config     *model.Mesh
	namespaces map[string]*model.Namespace
	services   map[model.Key]*model.Service
	slices     map[model.Key]*model.EndpointSlice
	pods       map[model.Key]*model.Pod
	splits     map[model.Key]*model.Split
	groups     map[model.Key]*model.RouteGroup
	routes     map[model.Ref]*model.PortRoute
	targets    map[model.Key]*model.Target
	bindings   map[model.Key]*model.IdentityBinding

	index      index
	spoken     spoken
	undeclared undeclaredPorts
	rules      httpRules
	// facts is what the endpoints of each Service say of it.
	facts map[model.Key]facts
	// parties are whom each TrafficTarget speaks of, and bound whom each
	// IdentityBinding stands for.
	parties map[model.Key]parties
	bound   map[model.Key]bound
	reaches reaches
}

// index is the reverse direction of every reference.
type index struct {
	slicesOf    relation[model.Key, model.Key]  // service → slices
	slicesWith  relation[model.Key, model.Key]  // pod → slices that name it
	slicesAt    relation[netip.Addr, model.Key] // → slices that have it and name no pod
	podsAt      relation[netip.Addr, model.Key]
	servicesAt  relation[netip.Addr, model.Key]
	podPrefixes relation[netip.Prefix, model.Key] // prefix → meshed pods
	ipv6        relation[bool, model.Key]         // true → services with IPv6
	ipv6Pods    int                               // pods with IPv6
	splitsOf    relation[model.Key, model.Key]    // root → splits
	splitsTo    relation[model.Key, model.Key]    // backend → splits
	splitsWith  relation[model.Key, model.Key]    // route group → splits
	targetsOf   relation[model.Identity, model.Key]
	// destinationsIn are the identities that targetsOf knows, by namespace.
	destinationsIn relation[string, model.Identity]
	targetsFrom    relation[model.Identity, model.Key]
	targetsWith    relation[model.Ref, model.Key] // route → targets
	servicesBy     relation[model.Identity, model.Key]
	// serversIn are the identities that servicesBy knows, by namespace.
	serversIn  relation[string, model.Identity]
	targetsBy  relation[model.Key, model.Key] // binding → targets
	bindingsIn relation[string, model.Key]    // namespace → bindings that select pods
	podsIn     relation[string, model.Key]    // namespace → meshed pods
	udpAt      relation[netip.AddrPort, udpUser]
}

// relation maps a key to a set, and forgets keys whose set is empty.
type relation[A, B comparable] map[A]set[B]

func (r relation[A, B]) add(a A, b B) {
	s := r[a]
	if s == nil {
		s = set[B]{}
		r[a] = s
	}
	s[b] = struct{}{}
}

func (r relation[A, B]) remove(a A, b B) {
	delete(r[a], b)
	if len(r[a]) == 0 {
		delete(r, a)
	}
}

// put adds or removes.
func (r relation[A, B]) put(a A, b B, in bool) {
	if in {
		r.add(a, b)
	} else {
		r.remove(a, b)
	}
}

// NewGraph makes an empty graph: an enforcing mesh with nothing in it.
func NewGraph() *Graph {
	return &Graph{
		mesh:       defaultMesh(),
		namespaces: map[string]*model.Namespace{},
		services:   map[model.Key]*model.Service{},
		slices:     map[model.Key]*model.EndpointSlice{},
		pods:       map[model.Key]*model.Pod{},
		splits:     map[model.Key]*model.Split{},
		groups:     map[model.Key]*model.RouteGroup{},
		routes:     map[model.Ref]*model.PortRoute{},
		targets:    map[model.Key]*model.Target{},
		bindings:   map[model.Key]*model.IdentityBinding{},
		facts:      map[model.Key]facts{},
		parties:    map[model.Key]parties{},
		bound:      map[model.Key]bound{},
		spoken:     newSpoken(),
		undeclared: newUndeclared(),
		rules:      httpRules{warnings: map[model.Key][]model.Diagnostic{}},
		reaches:    newReaches(),
		index: index{
			slicesOf: relation[model.Key, model.Key]{}, slicesWith: relation[model.Key, model.Key]{},
			slicesAt: relation[netip.Addr, model.Key]{}, podsAt: relation[netip.Addr, model.Key]{}, servicesAt: relation[netip.Addr, model.Key]{},
			podPrefixes: relation[netip.Prefix, model.Key]{}, ipv6: relation[bool, model.Key]{},
			splitsOf: relation[model.Key, model.Key]{}, splitsTo: relation[model.Key, model.Key]{},
			splitsWith: relation[model.Key, model.Key]{}, targetsOf: relation[model.Identity, model.Key]{},
			targetsFrom: relation[model.Identity, model.Key]{}, targetsWith: relation[model.Ref, model.Key]{},
			servicesBy: relation[model.Identity, model.Key]{}, destinationsIn: relation[string, model.Identity]{}, serversIn: relation[string, model.Identity]{},
			targetsBy: relation[model.Key, model.Key]{}, bindingsIn: relation[string, model.Key]{},
			podsIn: relation[string, model.Key]{},
			udpAt:  relation[netip.AddrPort, udpUser]{},
		},
	}
}

func defaultMesh() model.Mesh {
	return model.Mesh{TrustDomain: DefaultTrustDomain, Access: model.AccessEnforcing, Egress: model.EgressAllow, Headers: model.DefaultHeaderLimits, DefaultProtocol: model.ProtocolTCP}
}

// TrustDomain is the mesh's trust domain.
func (g *Graph) TrustDomain() string { return g.mesh.TrustDomain }

// Pod finds a pod; nil where it is unknown.
func (g *Graph) Pod(k model.Key) *model.Pod { return g.pods[k] }

// Fragment finds what is held of an object; nil where it is unknown.
func (g *Graph) Fragment(r model.Ref) model.Fragment {
	switch r.Kind {
	case model.KindMeshConfig:
		return fragment(g.config)
	case model.KindNamespace:
		return fragment(g.namespaces[r.Name])
	case model.KindService:
		return fragment(g.written(r.Key))
	case model.KindEndpointSlice:
		return fragment(g.slices[r.Key])
	case model.KindPod:
		return fragment(g.pods[r.Key])
	case model.KindTrafficSplit:
		return fragment(g.splits[r.Key])
	case model.KindHTTPRouteGroup:
		return fragment(g.groups[r.Key])
	case model.KindTCPRoute, model.KindUDPRoute:
		return fragment(g.routes[r])
	case model.KindTrafficTarget:
		return fragment(g.targets[r.Key])
	case model.KindIdentityBinding:
		return fragment(g.bindings[r.Key])
	default:
		return nil
	}
}

// fragment keeps a nil pointer from becoming a non-nil interface.
func fragment[T any, P interface {
	*T
	model.Fragment
}](p P) model.Fragment {
	if p == nil {
		return nil
	}
	return p
}
