package figures

// bounds are the upper bounds of the buckets in milliseconds, as Envoy has
// them. The last bucket has none.
var bounds = [...]float64{0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000}

const buckets = len(bounds) + 1

// Histogram counts durations by size. Each bucket counts its own alone, unlike
// Prometheus's, that count all that is smaller as well.
type Histogram [buckets]uint64

// Bounds are the upper bounds of the buckets in milliseconds; the last bucket
// has none.
func Bounds() []float64 { return append([]float64(nil), bounds[:]...) }

// Count is how many durations there are.
func (h *Histogram) Count() uint64 {
	var n uint64
	for _, c := range h {
		n += c
	}
	return n
}

// Merge adds what o has.
func (h *Histogram) Merge(o Histogram) {
	for i, c := range o {
		h[i] += c
	}
}

// Quantile is the duration in milliseconds that the share q of all durations
// does not exceed; not ok where there is none, or q is not between 0 and 1. It
// is right to within the bucket that it lies in, where it is interpolated as
// Prometheus does.
func (h *Histogram) Quantile(q float64) (ms float64, ok bool) {
	total := h.Count()
	if total == 0 || !(q >= 0 && q <= 1) {
		return 0, false
	}
	rank := q * float64(total)
	var below uint64
	for i, c := range h {
		if c > 0 && float64(below+c) >= rank {
			return within(i, (rank-float64(below))/float64(c)), true
		}
		below += c
	}
	return bounds[len(bounds)-1], true
}

// within is the place in a bucket; what is beyond the last bound is said to be
// at it.
func within(bucket int, share float64) float64 {
	if bucket == len(bounds) {
		return bounds[bucket-1]
	}
	low := 0.0
	if bucket > 0 {
		low = bounds[bucket-1]
	}
	return low + (bounds[bucket]-low)*max(share, 0)
}
