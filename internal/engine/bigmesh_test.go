package engine

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/model"
)

// bigMesh is a mesh of n Services, each with a ServiceAccount of its own, pods
// and a TrafficTarget that lets the ten Services after it call it. One
// Service more, the last, is called by nobody. One pod of each of the first
// Services has a connected proxy.
type bigMesh struct {
	*Engine
	tb      testing.TB
	clock   *clock
	n, pods int
	members []*member
	// late is the proxy of the newcomer.
	late *member
	// edits counts those of its route group.
	edits int
}

const (
	podsEach    = 10
	callersEach = 10
	// callableEach is how many Services a proxy may call.
	callableEach = callersEach
	// servicesEach is how many Services a namespace has.
	servicesEach = 100
)

// loadMesh is the mesh with nobody connected.
func loadMesh(tb testing.TB, n, pods int, access model.Access) *bigMesh {
	tb.Helper()
	e, c := newEngine()
	m := &bigMesh{Engine: e, tb: tb, clock: c, n: n, pods: pods}
	e.Put(&model.Mesh{Access: access})
	for i := range n + 1 {
		if i%servicesEach == 0 {
			e.Put(&model.Namespace{Name: m.named(i).Namespace})
			e.Put(m.routeGroup("all", i, "/.*"))
			e.Put(m.routeGroup("few", i, "/b"))
		}
		e.Put(m.service(i))
		for p := range pods {
			e.Put(m.pod(i, p))
		}
		e.Put(m.endpoints(i, pods))
		if i < n {
			e.Put(m.target(i))
		}
	}
	e.Put(m.neighbour())
	e.Put(m.few())
	e.Put(m.split(1, 1))
	e.Synced()
	drain(e, c)
	return m
}

func newBigMesh(tb testing.TB, n, proxies int, access model.Access) *bigMesh {
	tb.Helper()
	m := loadMesh(tb, n, podsEach, access)
	for i := range min(n, proxies) {
		m.members = append(m.members, m.connect(m.pod(i, 0)))
	}
	m.settle()
	return m
}

// connect has the proxy of a pod run all that it is to run.
func (m *bigMesh) connect(pod *model.Pod) *member {
	m.tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	connected, err := m.Connect(ctx, identity.Peer{Pod: pod.Key, ServiceAccount: pod.Identity})
	if err != nil {
		m.tb.Fatal(err)
	}
	connected.Synced(connected.Snapshot())
	return connected.(*member)
}

// settle brings everything up to date, as if much time had gone by, and has
// every proxy acknowledge it.
func (m *bigMesh) settle() {
	m.clock.Time = m.clock.Add(time.Second)
	drain(m.Engine, m.clock)
	for _, p := range m.members {
		if p.told() {
			p.Synced(p.Snapshot())
		}
	}
	m.tell()
}

// told tells whether the proxy was signalled since the last call.
func (m *member) told() bool {
	select {
	case <-m.changed:
		return true
	default:
		return false
	}
}

// at wraps around: the first Services are called by the last.
func (m *bigMesh) at(i int) int {
	if i == m.n {
		return i // nobody calls it
	}
	return i % m.n
}

func (m *bigMesh) key(i int, name string) model.Key {
	return model.Key{Namespace: fmt.Sprintf("team-%d", m.at(i)/servicesEach), Name: name}
}

func (m *bigMesh) named(i int) model.Key         { return m.key(i, fmt.Sprintf("svc-%d", m.at(i))) }
func (m *bigMesh) identity(i int) model.Identity { return model.Identity(m.named(i)) }
func (m *bigMesh) podKey(i int, name any) model.Key {
	return m.key(i, fmt.Sprintf("svc-%d-%v", m.at(i), name))
}

func address(net byte, i int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, net, byte(i >> 8), byte(i)})
}

func (m *bigMesh) service(i int) *model.Service {
	return &model.Service{
		Key: m.named(i), Addresses: []netip.Addr{address(100, i)},
		Ports: []model.Port{{Name: "http", Number: 80, Protocol: model.ProtocolHTTP}},
	}
}

func (m *bigMesh) pod(i, p int) *model.Pod {
	return &model.Pod{
		Key: m.podKey(i, p), Addresses: []netip.Addr{address(byte(p), i)},
		Identity: m.identity(i), Meshed: true,
	}
}

func (m *bigMesh) endpoints(i, pods int) *model.EndpointSlice {
	s := &model.EndpointSlice{Key: m.podKey(i, "abc"), Service: m.named(i), Ports: []model.TargetPort{{Name: "http", Number: 8080}}}
	for p := range pods {
		s.Endpoints = append(s.Endpoints, model.Address{Addr: address(byte(p), i), Serve: true, Pod: m.podKey(i, p)})
	}
	return s
}

// targetOf lets sources call Service i by a route group of its namespace.
func (m *bigMesh) targetOf(i int, name, group string, sources ...model.Identity) *model.Target {
	return &model.Target{
		Key: m.key(i, name), Destination: m.identity(i), Sources: sources,
		Rules: []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: group}},
	}
}

// target lets the Services after one call it.
func (m *bigMesh) target(i int) *model.Target {
	var sources []model.Identity
	for c := range callersEach {
		sources = append(sources, m.identity(i+c+1))
	}
	if i < callableEach {
		sources = append(sources, m.newcomer().Identity)
	}
	return m.targetOf(i, fmt.Sprintf("svc-%d", i), "all", sources...)
}

// few is a second TrafficTarget of Service 0, whose route group nobody else has.
func (m *bigMesh) few() *model.Target { return m.targetOf(0, "few", "few", m.identity(1)) }

// extra is a TrafficTarget that lets one more caller in.
func (m *bigMesh) extra() *model.Target {
	return m.targetOf(0, "extra", "all", m.identity(callersEach+5))
}

func (m *bigMesh) routeGroup(name string, i int, path string) *model.RouteGroup {
	return &model.RouteGroup{Key: m.key(i, name), Matches: []model.NamedMatch{{Name: name, HTTPMatch: model.HTTPMatch{PathRegex: path}}}}
}

func (m *bigMesh) split(a, b uint32) *model.Split {
	return &model.Split{Key: m.key(0, "split"), Root: m.named(0), Backends: []model.Backend{{Service: m.named(1), Weight: a}, {Service: m.named(2), Weight: b}}}
}

// second is a Service of its own in front of the pods of Service 3, which any
// caller of theirs sees.
func (m *bigMesh) second() (*model.Service, *model.EndpointSlice) {
	s, e := m.service(3), m.endpoints(3, m.pods)
	s.Name, s.Addresses = "second", []netip.Addr{address(100, m.n+1)}
	e.Name, e.Service = "second-abc", s.Key
	return s, e
}

// newcomer is a pod of a ServiceAccount that no other has, which may call the
// first Services.
func (m *bigMesh) newcomer() *model.Pod {
	return &model.Pod{
		Key: m.key(0, "newcomer"), Addresses: []netip.Addr{address(101, 1)},
		Identity: model.Identity(m.key(0, "newcomer")), Meshed: true,
	}
}

// neighbour is a pod on the newcomer's node, so that its prefix is known.
func (m *bigMesh) neighbour() *model.Pod {
	return &model.Pod{Key: m.key(0, "neighbour"), Addresses: []netip.Addr{address(101, 2)}, Identity: m.identity(0), Meshed: true}
}

func (m *bigMesh) namespace(access model.Access) *model.Namespace {
	return &model.Namespace{Name: m.named(0).Namespace, Access: access}
}
