package engine

import (
	"fmt"
	"testing"

	"github.com/weft-mesh/weft/translators/model"
)

// growthServices is how many Services there are while other things grow.
const growthServices = 400

// growths are what a mesh may have more of: times as much, of Services that a
// change does not concern.
var growths = []struct {
	in   string
	grow func(m *bigMesh, times int)
}{
	{"endpoints", func(m *bigMesh, times int) {
		for i := callersEach; i < m.n; i++ {
			for p := podsEach; p < podsEach*times; p++ {
				m.Put(m.pod(i, p))
			}
			m.Put(m.endpoints(i, podsEach*times))
		}
	}},
	{"targets", func(m *bigMesh, times int) {
		for i := callersEach; i < m.n; i++ {
			for t := 1; t < times; t++ {
				m.Put(m.targetOf(i, fmt.Sprintf("more-%d", t), "all", m.identity(i+20+t)))
			}
		}
	}},
}

// BenchmarkGrowth is what the changes that happen all the time cost in a mesh of
// as many Services but more of something else.
func BenchmarkGrowth(b *testing.B) {
	for _, g := range growths {
		for _, times := range []int{1, 10, 25} {
			var m *bigMesh
			for _, ev := range events[:3] {
				size := map[string]int{"endpoints": growthServices * podsEach, "targets": growthServices}
				size[g.in] *= times
				b.Run(fmt.Sprintf("event=growth/in=%s/change=%s/services=%d/endpoints=%d/targets=%d", g.in, ev.name, growthServices, size["endpoints"], size["targets"]), func(b *testing.B) {
					if m == nil {
						m = newBigMesh(b, growthServices, *benchProxies, model.AccessEnforcing)
						g.grow(m, times)
						m.settle()
					}
					measure(b, m, ev)
				})
			}
		}
	}
}
