package figures

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// observe puts a duration where Envoy would.
func observe(h *Histogram, ms float64) {
	i, _ := slices.BinarySearch(bounds[:], ms)
	h[i]++
}

// bucketWith is the index of the bucket that a duration is in.
func bucketWith(ms float64) int {
	i, _ := slices.BinarySearch(bounds[:], ms)
	return i
}

func TestQuantile(t *testing.T) {
	tests := map[string]struct {
		durations []float64
		q         float64
		want      float64
		ok        bool
	}{
		"nothing":                    {nil, 0.5, 0, false},
		"one":                        {[]float64{7}, 1, 10, true},
		"half of one bucket":         {[]float64{7, 7}, 0.5, 7.5, true},
		"the first bucket":           {[]float64{0.1, 0.1}, 0.5, 0.25, true},
		"beyond the last bound":      {[]float64{1e9}, 0.99, 3_600_000, true},
		"an empty bucket is skipped": {[]float64{0.1, 700}, 0.99, 990, true},
		"all but one":                {[]float64{7, 7, 7, 700}, 0.75, 10, true},
		"the least":                  {[]float64{7, 700}, 0, 5, true},
		"no share":                   {[]float64{7}, math.NaN(), 0, false},
		"more than all":              {[]float64{7}, 1.1, 0, false},
		"less than none":             {[]float64{7}, -0.1, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var h Histogram
			for _, ms := range test.durations {
				observe(&h, ms)
			}
			got, ok := h.Quantile(test.q)
			if ok != test.ok || math.Abs(got-test.want) > 1e-9 {
				t.Errorf("got %v, %t; want %v, %t", got, ok, test.want, test.ok)
			}
		})
	}
}

// The quantile lies in the bucket that the real one lies in, whatever there was.
func TestQuantileIsWithinItsBucket(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		var h Histogram
		durations := make([]float64, 1+r.IntN(300))
		for i := range durations {
			durations[i] = math.Exp(r.Float64() * 15)
			observe(&h, durations[i])
		}
		slices.Sort(durations)
		for _, q := range []float64{0.5, 0.9, 0.99} {
			real := durations[int(math.Ceil(q*float64(len(durations))))-1]
			got, ok := h.Quantile(q)
			if !ok || bucketWith(got) != bucketWith(real) {
				t.Fatalf("seed %d: p%v is %v (bucket %d), want that of %v (%d)", seed, q*100, got, bucketWith(got), real, bucketWith(real))
			}
		}
	}
}

func TestMerge(t *testing.T) {
	var a, b Histogram
	observe(&a, 3)
	observe(&b, 3)
	observe(&b, 1e9)
	a.Merge(b)
	if a.Count() != 3 || a[2] != 2 || a[buckets-1] != 1 {
		t.Errorf("got %v", a)
	}
}
