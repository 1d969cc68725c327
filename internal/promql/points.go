package promql

import (
	"math"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"github.com/weft-mesh/weft/internal/promql/history"
)

// selected is one series of an answer. It implements storage.Series.
type selected struct {
	series *history.Series
	labels labels.Labels
	// buckets are how many of the totals, from the first on, it is the sum of.
	buckets  int
	from, to int64
}

// Labels implements storage.Series.
func (s *selected) Labels() labels.Labels { return s.labels }

// Iterator implements storage.Series.
func (s *selected) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	var all points
	s.series.Points(s.from, s.to, func(ms int64, totals []uint64) {
		all = append(all, point{ms, sum(totals, s.buckets)})
	})
	return storage.NewListSeriesIterator(all)
}

// sum is of the first totals; where there are none, it says so.
func sum(totals []uint64, n int) float64 {
	if totals == nil {
		return math.Float64frombits(value.StaleNaN)
	}
	var all uint64
	for _, t := range totals[:min(n, len(totals))] {
		all += t
	}
	return float64(all)
}

// points implements storage.Samples.
type points []point

// Get implements storage.Samples.
func (p points) Get(i int) chunks.Sample { return &p[i] }

// Len implements storage.Samples.
func (p points) Len() int { return len(p) }

// point implements chunks.Sample.
type point struct {
	ms    int64
	value float64
}

// T is when it was.
func (p *point) T() int64 { return p.ms }

// ST is when it began to be counted, which nobody knows.
func (*point) ST() int64 { return 0 }

// F is its value.
func (p *point) F() float64 { return p.value }

// H is nil, since it is no histogram.
func (*point) H() *histogram.Histogram { return nil }

// FH is nil, since it is no histogram.
func (*point) FH() *histogram.FloatHistogram { return nil }

// Type is that of a number.
func (*point) Type() chunkenc.ValueType { return chunkenc.ValFloat }

// Copy implements chunks.Sample.
func (p *point) Copy() chunks.Sample {
	c := *p
	return &c
}
