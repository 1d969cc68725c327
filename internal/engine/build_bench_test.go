package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/weft-mesh/weft/translators/model"
)

// everybodysFriend is a pod that may call all Services, by a TrafficTarget for
// each: the worst case of a caller.
func (m *bigMesh) everybodysFriend() *model.Pod {
	p := m.newcomer()
	p.Name, p.Identity.Name = "friend", "friend"
	return p
}

// befriend lets the friend call all Services.
func (m *bigMesh) befriend() {
	friend := m.everybodysFriend()
	m.Put(friend)
	for i := range m.n {
		m.Put(m.targetOf(i, fmt.Sprintf("friend-%d", i), "all", friend.Identity))
	}
	m.settle()
}

// BenchmarkProxy is the whole configuration of one proxy, from a mesh that is
// known and of which nothing is built: its callable Services are the ten of a
// usual caller, or all.
func BenchmarkProxy(b *testing.B) {
	for _, n := range sizes(b) {
		for _, pods := range []int{1, podsEach} {
			for _, callable := range []int{callableEach, n} {
				b.Run(fmt.Sprintf("event=proxy-built/services=%d/endpoints=%d/targets=%d/callable=%d", n, n*pods, n, callable), func(b *testing.B) {
					m := loadMesh(b, n, pods, model.AccessEnforcing)
					pod := m.pod(n/2, 0)
					if callable == n {
						m.befriend()
						pod = m.everybodysFriend()
					}
					m.measureConnect(b, pod)
				})
			}
		}
	}
}

// measureConnect has a proxy come again and again.
func (m *bigMesh) measureConnect(b *testing.B, pod *model.Pod) {
	built := testutil.ToFloat64(m.metrics.built)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		p := m.connect(pod)
		b.StopTimer()
		p.Close()
		m.apply(withExtra(m)) // whatever is remembered of reaches is out of date
		m.apply(withoutExtra(m))
		m.flush()
		b.StartTimer()
	}
	b.ReportMetric((testutil.ToFloat64(m.metrics.built)-built)/float64(b.N), "resources/op")
}

// BenchmarkProxies is the configuration of all proxies, from a mesh that is
// known and of which nothing is built; one of each ServiceAccount.
func BenchmarkProxies(b *testing.B) {
	for _, access := range []model.Access{model.AccessEnforcing, model.AccessPermissive} {
		for _, n := range sizes(b) {
			proxies := min(n, *benchProxies)
			b.Run(fmt.Sprintf("event=all-proxies-built/access=%s/services=%d/endpoints=%d/proxies=%d/targets=%d", access, n, n*podsEach, proxies, n), func(b *testing.B) {
				m := loadMesh(b, n, podsEach, access)
				built := testutil.ToFloat64(m.metrics.built)
				b.ReportAllocs()
				b.ResetTimer()
				for range b.N {
					ps := make([]*member, proxies)
					for i := range ps {
						ps[i] = m.connect(m.pod(i, 0))
					}
					b.StopTimer()
					for _, p := range ps {
						p.Close()
					}
					b.StartTimer()
				}
				b.ReportMetric((testutil.ToFloat64(m.metrics.built)-built)/float64(b.N), "resources/op")
				b.ReportMetric(float64(proxies), "proxies/op")
			})
		}
	}
}

// BenchmarkConnect is one proxy more of a class that others have: all that it
// runs is built.
func BenchmarkConnect(b *testing.B) {
	for _, n := range sizes(b) {
		b.Run(fmt.Sprintf("event=proxy-like-others/services=%d/endpoints=%d/targets=%d", n, n*podsEach, n), func(b *testing.B) {
			m := newBigMesh(b, n, 1, model.AccessEnforcing)
			m.measureConnect(b, m.pod(0, 1))
		})
	}
}

// BenchmarkLoad is a controller's start: all fragments are taken in.
func BenchmarkLoad(b *testing.B) {
	for _, n := range sizes(b) {
		b.Run(fmt.Sprintf("event=mesh-loaded/services=%d/endpoints=%d/targets=%d", n, n*podsEach, n), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				loadMesh(b, n, podsEach, model.AccessEnforcing)
			}
		})
	}
}

// BenchmarkAcknowledged is what it costs to note that all proxies that a new
// weight concerns run it, by one acknowledgement after the other.
func BenchmarkAcknowledged(b *testing.B) {
	for _, n := range sizes(b) {
		proxies := min(n, *benchProxies)
		b.Run(fmt.Sprintf("event=acknowledged/access=permissive/services=%d/endpoints=%d/proxies=%d/targets=%d", n, n*podsEach, proxies, n), func(b *testing.B) {
			m := newBigMesh(b, n, proxies, model.AccessPermissive)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				b.StopTimer()
				m.clock.Time = m.clock.Add(time.Second)
				m.Put(m.split(uint32(1+i%2), 5))
				m.flush()
				m.tell()
				b.StartTimer()
				for _, p := range m.members {
					p.Synced(p.Snapshot())
					m.flush()
					m.tell()
				}
			}
			if len(m.waiting.rev) > 0 {
				b.Fatal("some object is still waited for")
			}
			b.ReportMetric(float64(proxies), "proxies/op")
		})
	}
}
