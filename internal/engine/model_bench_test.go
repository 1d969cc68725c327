package engine

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/model"
)

// bigMesh is an enforcing mesh of n Services with a service account, ten pods
// and a TrafficTarget each: every identity may call the ten Services before
// its own. A hundred proxies are connected, one of each of the first
// Services.
type bigMesh struct {
	*Engine
	clock   *clock
	n       int
	members []*member
}

const (
	podsEach    = 10
	callersEach = 10
	mostProxies = 100
)

func newBigMesh(b *testing.B, n int) *bigMesh {
	b.Helper()
	e, c := newEngine()
	m := &bigMesh{Engine: e, clock: c, n: n}
	e.Put(&model.Mesh{Access: model.AccessEnforcing})
	e.Put(&model.RouteGroup{Key: shop("all"), Matches: []model.NamedMatch{{Name: "all", HTTPMatch: model.HTTPMatch{PathRegex: "/.*"}}}})
	for i := range n {
		e.Put(m.service(i))
		for p := range podsEach {
			e.Put(m.pod(i, p))
		}
		e.Put(m.endpoints(i, podsEach))
		e.Put(m.target(i, callersEach))
	}
	e.Put(m.split(1, 1))
	e.Synced()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for i := range min(n, mostProxies) {
		connected, err := e.Connect(ctx, identity.Peer{Pod: m.pod(i, 0).Key, ServiceAccount: m.identity(i)})
		if err != nil {
			b.Fatal(err)
		}
		connected.Synced(connected.Snapshot())
		m.members = append(m.members, connected.(*member))
	}
	m.settle()
	return m
}

// settle brings everything up to date, as if much time had gone by.
func (m *bigMesh) settle() {
	m.clock.Time = m.clock.Add(time.Second)
	drain(m.Engine, m.clock)
	for _, p := range m.members {
		p.told()
	}
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

func (m *bigMesh) name(i int) string             { return fmt.Sprintf("svc-%d", (i+m.n)%m.n) }
func (m *bigMesh) identity(i int) model.Identity { return model.Identity(shop(m.name(i))) }
func address(net byte, i int) netip.Addr {
	return netip.AddrFrom4([4]byte{198, net, byte(i >> 8), byte(i)})
}

func (m *bigMesh) service(i int) *model.Service {
	return &model.Service{
		Key: shop(m.name(i)), Addresses: []netip.Addr{address(100, i)},
		Ports: []model.Port{{Name: "http", Number: 80, Protocol: model.ProtocolHTTP}},
	}
}

func (m *bigMesh) pod(i, p int) *model.Pod {
	return &model.Pod{
		Key: shop(fmt.Sprintf("%s-%d", m.name(i), p)), Addresses: []netip.Addr{address(byte(p), i)},
		Identity: m.identity(i), Meshed: true,
	}
}

func (m *bigMesh) endpoints(i, pods int) *model.EndpointSlice {
	s := &model.EndpointSlice{Key: shop(m.name(i) + "-abc"), Service: shop(m.name(i)), Ports: []model.TargetPort{{Name: "http", Number: 8080}}}
	for p := range pods {
		s.Endpoints = append(s.Endpoints, model.Address{Addr: address(byte(p), i), Serve: true, Pod: shop(fmt.Sprintf("%s-%d", m.name(i), p))})
	}
	return s
}

// target lets the Services after one call it.
func (m *bigMesh) target(i, callers int) *model.Target {
	t := &model.Target{
		Key: shop(m.name(i)), Destination: m.identity(i),
		Rules: []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: "all"}},
	}
	for c := range callers {
		t.Sources = append(t.Sources, m.identity(i+c+1))
	}
	return t
}

func (m *bigMesh) split(a, b uint32) *model.Split {
	return &model.Split{Key: shop("split"), Root: shop(m.name(0)), Backends: []model.Backend{{Service: shop(m.name(1)), Weight: a}, {Service: shop(m.name(2)), Weight: b}}}
}

// extra is a TrafficTarget beside the others, for one caller of Service 0.
func (m *bigMesh) extra() *model.Target {
	return &model.Target{
		Key: shop("extra"), Destination: m.identity(0), Sources: []model.Identity{m.identity(callersEach + 5)},
		Rules: []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: "all"}},
	}
}

func (m *bigMesh) routeGroup(path string) *model.RouteGroup {
	return &model.RouteGroup{Key: shop("few"), Matches: []model.NamedMatch{{Name: "few", HTTPMatch: model.HTTPMatch{PathRegex: path}}}}
}

// event is a change, and what takes it back. Both are counted: each turn of a
// benchmark does one of them.
type event struct {
	name     string
	do, undo func(m *bigMesh)
}

var events = []event{
	{"endpoint-added", func(m *bigMesh) { m.Put(m.endpoints(0, podsEach-1)) }, func(m *bigMesh) { m.Put(m.endpoints(0, podsEach)) }},
	{"weight-changed", func(m *bigMesh) { m.Put(m.split(3, 1)) }, func(m *bigMesh) { m.Put(m.split(1, 1)) }},
	{"target-added", func(m *bigMesh) { m.Put(m.extra()) }, func(m *bigMesh) { m.Delete(m.extra().Ref()) }},
	{"route-group-edited", func(m *bigMesh) { m.Put(m.routeGroup("/a")) }, func(m *bigMesh) { m.Put(m.routeGroup("/b")) }},
	{"service-added", func(m *bigMesh) { m.Delete(m.service(3).Ref()) }, func(m *bigMesh) { m.Put(m.service(3)) }},
	{"unconcerned", func(m *bigMesh) { m.Put(m.endpoints(m.n/2, podsEach-1)) }, func(m *bigMesh) { m.Put(m.endpoints(m.n/2, podsEach)) }},
	{"nothing-changed", func(m *bigMesh) { m.Put(m.service(5)) }, func(m *bigMesh) { m.Put(m.endpoints(5, podsEach)) }},
}

// BenchmarkEvent is what one change costs from the fragment to snapshots that
// are ready to send: time, garbage, resources built and proxies that are told.
func BenchmarkEvent(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		var m *bigMesh
		for _, ev := range events {
			b.Run(fmt.Sprintf("event=%s/services=%d", ev.name, n), func(b *testing.B) {
				if m == nil {
					m = newBigMesh(b, n)
				}
				m.Put(&model.Target{
					Key: shop("few"), Destination: m.identity(0), Sources: []model.Identity{m.identity(1)},
					Rules: []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: "few"}},
				})
				if ev.name == "service-added" && n > 1000 {
					b.Skip("each proxy's listener lists all Services: minutes")
				}
				ev.undo(m)
				m.settle()
				measure(b, m, ev)
			})
		}
	}
}

func measure(b *testing.B, m *bigMesh, ev event) {
	built, touched := testutil.ToFloat64(m.metrics.built), 0
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		m.clock.Time = m.clock.Add(time.Second)
		if i%2 == 0 {
			ev.do(m)
		} else {
			ev.undo(m)
		}
		m.flush()
		b.StopTimer()
		for _, p := range m.members {
			if p.told() {
				touched++
			}
		}
		b.StartTimer()
	}
	b.ReportMetric((testutil.ToFloat64(m.metrics.built)-built)/float64(b.N), "resources/op")
	b.ReportMetric(float64(touched)/float64(b.N), "proxies/op")
	if b.N%2 == 1 {
		ev.undo(m)
	}
	m.settle()
}
