package engine

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/model/modeltest"
	"github.com/weft-mesh/weft/translators/resolve"
)

// takenIn is the inbound listener of a pod: by port its chains and which of them
// takes what, in bytes, and under rest what the ports have in common. Envoy closes
// the connections of a chain that changes, and of all where the rest does.
type takenIn map[uint32]string

const (
	others = 0 // ports that no Service speaks of
	rest   = 1 << 16
)

func inboundListener(t *testing.T, g *resolve.Graph, pod model.Key) *listenerv3.Listener {
	t.Helper()
	class, shape, ok := g.ClassOf(pod)
	if !ok {
		return &listenerv3.Listener{}
	}
	l, err := envoy.BuildInboundListener(envoy.ListenerView(g.Inbound(class.Identity, shape)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func inboundOf(t *testing.T, g *resolve.Graph, pod model.Key) takenIn {
	t.Helper()
	l := inboundListener(t, g, pod)
	in := takenIn{}
	for _, name := range slices.Sorted(maps.Keys(chainsOf(t, l))) {
		port := others
		if _, err := fmt.Sscanf(name, "inbound|%d", &port); err == nil && port == others {
			t.Fatalf("chain %s is of no port", name)
		}
		in[uint32(port)] += chainsOf(t, l)[name]
	}
	for port, m := range l.GetFilterChainMatcher().GetMatcherTree().GetExactMatchMap().GetMap() {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		in[uint32(number)] += encoded(t, m)
	}
	in[others] += encoded(t, l.GetFilterChainMatcher().GetOnNoMatch())
	l.FilterChains, l.FilterChainMatcher = nil, nil
	in[rest] = encoded(t, l)
	return in
}

// chainsOf are a listener's chains by name, in bytes.
func chainsOf(t *testing.T, l *listenerv3.Listener) map[string]string {
	t.Helper()
	chains := map[string]string{}
	for _, c := range l.GetFilterChains() {
		chains[c.GetName()] = encoded(t, c)
	}
	return chains
}

func encoded(t *testing.T, m proto.Message) string {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// changed are the ports that differ, of which only one may have chains.
func (in takenIn) changed(o takenIn) (ports []uint32) {
	for p := range in {
		if in[p] != o[p] {
			ports = append(ports, p)
		}
	}
	for p := range o {
		if _, ok := in[p]; !ok {
			ports = append(ports, p)
		}
	}
	slices.Sort(ports)
	return ports
}

// ports are some of pods.
type ports map[model.Key]map[uint32]bool

// reach adds what the endpoints of a slice lead to: ports of pods of its namespace.
func (ps ports) reach(s *model.EndpointSlice, all map[model.Ref]model.Fragment) {
	for _, f := range all {
		p, ok := f.(*model.Pod)
		if !ok || p.Namespace != s.Service.Namespace || !slices.ContainsFunc(s.Endpoints, func(a model.Address) bool {
			return a.Pod == p.Key || (a.Pod == model.Key{} && slices.Contains(p.Addresses, a.Addr))
		}) {
			continue
		}
		if ps[p.Key] == nil {
			ps[p.Key] = map[uint32]bool{}
		}
		for _, t := range s.Ports {
			ps[p.Key][uint32(t.Number)] = true
		}
	}
}

// reachBy adds what a Service or a slice leads to. Where the Service leaves its
// protocol open it is decided for all of its pods, and for those of the Services
// that a split joins it with.
func (ps ports) reachBy(f model.Fragment, all map[model.Ref]model.Fragment) {
	var service model.Key
	switch f := f.(type) {
	case *model.EndpointSlice:
		ps.reach(f, all)
		service = f.Service
		if s, ok := all[model.Ref{Kind: model.KindService, Key: service}].(*model.Service); !ok || !slices.ContainsFunc(s.Ports, undeclared) {
			return
		}
	case *model.Service:
		service = f.Key
	default:
		return
	}
	of := map[model.Key]bool{service: true}
	for _, s := range all {
		if s, ok := s.(*model.Split); ok && joins(s, service) {
			of[s.Root] = true
			for _, b := range s.Backends {
				of[b.Service] = true
			}
		}
	}
	for _, s := range all {
		if s, ok := s.(*model.EndpointSlice); ok && of[s.Service] {
			ps.reach(s, all)
		}
	}
}

func undeclared(p model.Port) bool { return p.Protocol == model.ProtocolUndeclared }

func joins(s *model.Split, k model.Key) bool {
	return s.Root == k || slices.ContainsFunc(s.Backends, func(b model.Backend) bool { return b.Service == k })
}

// sameSaid tells that two views say the same of a port: what is spoken there and
// who may.
func sameSaid(a, b model.Inbound, port uint32) bool {
	if a.MTLS != b.MTLS || a.TrustDomain != b.TrustDomain {
		return false
	}
	said := func(v model.Inbound) []any {
		v = envoy.ListenerView(v)
		var found []any
		for _, ps := range [][]model.InboundPort{v.Ports, v.UDP} {
			for _, p := range ps {
				if uint32(p.Port) == port {
					found = append(found, p)
				}
			}
		}
		if len(found) == 0 || len(v.UDP) > 0 { // beside a UDP port, TCP is as at ports that no Service has
			found = append(found, v.Other)
		}
		return found
	}
	return reflect.DeepEqual(said(a), said(b))
}

// lookedAt are the ports where the first bytes of plaintext are looked at.
func lookedAt(v model.Inbound) (ports []uint16) {
	for _, p := range v.Ports {
		if p.Detect && v.MTLS == model.MTLSPermissive {
			ports = append(ports, p.Port)
		}
	}
	return ports
}

// TestAListenerChangesByItsOwnPortsAlone: whatever comes and goes, a port of a pod
// keeps its chains to the byte, unless its own policy or protocol changes. Of
// Services and slices those matter that lead there, in the pod's own namespace,
// or that a split joins with one that does; of route groups none.
func TestAListenerChangesByItsOwnPortsAlone(t *testing.T) {
	changes := map[model.Kind]int{}
	for seed := range uint64(40) {
		w := modeltest.New(seed, 7)
		g, all := resolve.NewGraph(), map[model.Ref]model.Fragment{}
		listeners, views := map[model.Key]takenIn{}, map[model.Key]model.Inbound{}
		for step := range 150 {
			f := w.Fragment()
			kind, may := f.Ref().Kind, ports{}
			may.reachBy(g.Fragment(f.Ref()), all)
			if w.IntN(4) == 0 {
				g.Delete(f.Ref())
				delete(all, f.Ref())
			} else {
				g.Put(f)
				all[f.Ref()] = f
				may.reachBy(f, all)
			}
			for _, f2 := range all {
				p, ok := f2.(*model.Pod)
				if !ok {
					continue
				}
				was, had := listeners[p.Key], views[p.Key]
				class, shape, _ := g.ClassOf(p.Key)
				now := g.Inbound(class.Identity, shape)
				listeners[p.Key], views[p.Key] = inboundOf(t, g, p.Key), now
				if was == nil || f.Ref() == p.Ref() {
					continue
				}
				for _, port := range was.changed(listeners[p.Key]) {
					changes[kind]++
					what := fmt.Sprintf("seed %d step %d: %s changes port %d of pod %s", seed, step, f.Ref(), port, p.Key)
					if port == rest && !slices.Equal(lookedAt(had), lookedAt(now)) {
						continue // which ports the listener's own filter looks at (docs/limits.md)
					}
					switch kind {
					case model.KindService, model.KindEndpointSlice:
						if !may[p.Key][port] {
							t.Fatal(what)
						}
					case model.KindHTTPRouteGroup:
						t.Fatal(what)
					default:
						if port != rest && sameSaid(had, now, port) {
							t.Fatal(what)
						}
					}
				}
			}
		}
	}
	for _, k := range []model.Kind{model.KindService, model.KindEndpointSlice, model.KindTrafficTarget, model.KindTCPRoute, model.KindNamespace} {
		if changes[k] == 0 {
			t.Errorf("no %s ever changed a port", k)
		}
	}
}
