package history

import (
	"fmt"
	"testing"

	"github.com/weft-mesh/weft/internal/figures"
)

// BenchmarkTick is of 200 workloads that are called by 20 others each, all the time: what a tick costs, and what an
// hour is kept in.
func BenchmarkTick(b *testing.B) {
	const workloads, callers = 200, 20
	w := newWorld(b)
	var there []figures.Workload
	var series []*Series
	for i := range workloads {
		own := figures.Workload{Namespace: "shop", Kind: "deployments", Name: fmt.Sprint("w", i)}
		there = append(there, own)
		for c := range callers {
			d := code(own, "200")
			d.Peer = figures.Workload{Namespace: "shop", Kind: "deployments", Name: fmt.Sprint("w", c)}
			series = append(series, w.account(d))
			d.Figure, d.Code = figures.Durations, ""
			series = append(series, w.account(d))
		}
	}
	w.exists(there...)
	one := figures.Histogram{2: 40, 3: 80, 4: 25, 5: 4, 7: 1}
	turn := func() {
		for i, x := range series {
			if i%2 == 0 {
				x.Count(uint64(140 + i%20))
			} else {
				x.Durations(&one)
			}
		}
		w.tick()
	}
	for range int(MaxKept / figures.DefaultInterval) {
		turn()
	}
	for b.Loop() {
		turn()
	}
	b.ReportMetric(float64(w.bytes)/float64(len(series)), "B/series")
	b.ReportMetric(float64(len(w.times)), "ticks")
}
