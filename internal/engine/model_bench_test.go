package engine

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/weft-mesh/weft/translators/model"
)

var (
	benchSizes   = flag.String("services", "20,100,1000,10000", "sizes of the meshes that are measured, in Services")
	benchProxies = flag.Int("proxies", 10_000, "most proxies that are connected")
)

func sizes(b *testing.B) []int {
	b.Helper()
	var ns []int
	for f := range strings.SplitSeq(*benchSizes, ",") {
		n, err := strconv.Atoi(f)
		if err != nil {
			b.Fatal(err)
		}
		ns = append(ns, n)
	}
	return ns
}

// change is objects that come and objects that go.
type change struct {
	puts    []model.Fragment
	deletes []model.Ref
}

func puts(fs ...model.Fragment) change { return change{puts: fs} }
func deletes(rs ...model.Ref) change   { return change{deletes: rs} }

func (m *bigMesh) apply(c change) {
	for _, r := range c.deletes {
		m.Delete(r)
	}
	for _, f := range c.puts {
		m.Put(f)
	}
}

// event is a change, and how it was before.
type event struct {
	name   string
	was    func(m *bigMesh) change
	become func(m *bigMesh) change
	// permissive tells that it is an event of meshes without TrafficTargets too;
	// arrives that a proxy connects with it.
	permissive, arrives bool
}

var events = []event{
	{name: "endpoint-added", was: endpointsOf(0, podsEach-1), become: endpointsOf(0, podsEach), permissive: true},
	{name: "weight-changed", was: weight(1), become: weight(3), permissive: true},
	{name: "target-added", was: withoutExtra, become: withExtra},
	{name: "target-removed", was: withExtra, become: withoutExtra},
	{name: "route-group-edited", was: path("/b"), become: anotherPath},
	{name: "service-added", was: func(m *bigMesh) change {
		s, e := m.second()
		return deletes(s.Ref(), e.Ref())
	}, become: func(m *bigMesh) change {
		s, e := m.second()
		return puts(s, e)
	}, permissive: true},
	{
		name: "class-added", arrives: true,
		was:    func(m *bigMesh) change { return deletes(m.newcomer().Ref()) },
		become: func(m *bigMesh) change { return puts(m.newcomer()) },
	},
	{name: "namespace-permissive", was: access(model.AccessUnset), become: access(model.AccessPermissive)},
	{
		name: "namespace-added", permissive: true,
		was:    func(*bigMesh) change { return deletes(elsewhere.Ref()) },
		become: func(*bigMesh) change { return puts(elsewhere) },
	},
	{name: "unconcerned", was: nobodys(podsEach - 1), become: nobodys(podsEach)},
	{name: "nothing-changed", was: endpointsOf(5, podsEach), become: endpointsOf(5, podsEach), permissive: true},
}

var elsewhere = &model.Namespace{Name: "elsewhere"}

func endpointsOf(i, pods int) func(*bigMesh) change {
	return func(m *bigMesh) change { return puts(m.endpoints(i, pods)) }
}

// nobodys are endpoints of the Service that nobody calls.
func nobodys(pods int) func(*bigMesh) change {
	return func(m *bigMesh) change { return puts(m.endpoints(m.n, pods)) }
}

func weight(w uint32) func(*bigMesh) change {
	return func(m *bigMesh) change { return puts(m.split(w, 1)) }
}

func path(p string) func(*bigMesh) change {
	return func(m *bigMesh) change { return puts(m.routeGroup("few", 0, p)) }
}

// anotherPath is one that nobody has seen: what is remembered of rights is no help.
func anotherPath(m *bigMesh) change {
	m.edits++
	return path(fmt.Sprintf("/a%d", m.edits))(m)
}

func access(a model.Access) func(*bigMesh) change {
	return func(m *bigMesh) change { return puts(m.namespace(a)) }
}

func withExtra(m *bigMesh) change    { return puts(m.extra()) }
func withoutExtra(m *bigMesh) change { return deletes(m.extra().Ref()) }

// BenchmarkEvent is what one change costs from the fragment to snapshots that
// are ready to send: time, garbage, resources built and proxies that are told.
func BenchmarkEvent(b *testing.B) {
	for _, access := range []model.Access{model.AccessEnforcing, model.AccessPermissive} {
		for _, n := range sizes(b) {
			var m *bigMesh // made when it is needed, and forgotten before the next
			for _, ev := range events {
				if access == model.AccessPermissive && !ev.permissive {
					continue
				}
				name := fmt.Sprintf("event=%s/access=%s/services=%d/endpoints=%d/proxies=%d/targets=%d",
					ev.name, access, n, n*podsEach, min(n, *benchProxies), n)
				b.Run(name, func(b *testing.B) {
					if m == nil {
						m = newBigMesh(b, n, *benchProxies, access)
					}
					measure(b, m, ev)
				})
			}
		}
	}
}

func measure(b *testing.B, m *bigMesh, ev event) {
	b.StopTimer()
	b.ResetTimer()
	b.ReportAllocs()
	built, touched := 0.0, 0
	for i := range b.N + 1 {
		m.turnTo(ev.was(m))
		before, change := testutil.ToFloat64(m.metrics.built), ev.become(m)
		if i > 0 { // the first makes what stays
			b.StartTimer()
		}
		m.apply(change)
		m.flush()
		if ev.arrives {
			m.late = m.connect(m.newcomer())
		}
		b.StopTimer()
		if i > 0 {
			built += testutil.ToFloat64(m.metrics.built) - before
			touched += m.touched()
		}
	}
	b.ReportMetric(built/float64(b.N), "resources/op")
	b.ReportMetric(float64(touched)/float64(b.N), "proxies/op")
	m.turnTo(ev.was(m))
}

// turnTo brings a change about, long ago.
func (m *bigMesh) turnTo(c change) {
	if m.late != nil {
		m.late.Close()
		m.late = nil
	}
	m.apply(c)
	m.settle()
	m.clock.Time = m.clock.Add(time.Second)
}

// touched counts the proxies that are told of something, and has them take it.
func (m *bigMesh) touched() int {
	n := 0
	for _, p := range m.members {
		if p.told() {
			p.Synced(p.Snapshot())
			n++
		}
	}
	if m.late != nil {
		n++
	}
	return n
}
