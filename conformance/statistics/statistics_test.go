package statistics

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// seed makes every simulation the same each time.
const seed = 20240417

func TestIntervalIsExact(t *testing.T) {
	for _, c := range []struct {
		n           int
		p, trust    float64
		low, high   int
		description string
	}{
		{10, 0.5, 0.95, 2, 8, "1.07% on either side is outside, 5.5% would be too much"},
		{10, 0, 0.999, 0, 0, "a share of nothing leaves no room"},
		{10, 1, 0.999, 10, 10, "nor does a share of all"},
		{0, 0.5, 0.999, 0, 0, "no answers"},
		{1, 0.5, 0.999, 0, 1, "one answer says nothing"},
		{100, 0.001, 0.999, 0, 2, "rare is not never: three have a chance of 0.015%"},
	} {
		low, high := Interval(c.n, c.p, c.trust)
		if low != c.low || high != c.high {
			t.Errorf("%s: Interval(%d, %v, %v) = %d to %d, want %d to %d", c.description, c.n, c.p, c.trust, low, high, c.low, c.high)
		}
	}
}

func TestIntervalLeavesOutNoMoreThanItSays(t *testing.T) {
	for _, n := range []int{5, 50, 800, Sample} {
		for _, p := range []float64{0.001, 0.1, 1.0 / 3, 0.5, 0.7, 0.999} {
			for _, confidence := range []float64{0.9, 0.999, EachOf(Confidence)} {
				low, high := Interval(n, p, confidence)
				if out := atMost(n, low-1, p) + atLeast(n, high+1, p); out > 1-confidence+1e-12 {
					t.Errorf("n=%d p=%v: %v is outside of %d to %d, more than %v", n, p, out, low, high, 1-confidence)
				}
				// One narrower on either side would leave out too much: the interval is not simply wide.
				if low > 0 && atMost(n, low, p) <= (1-confidence)/2 || high < n && atLeast(n, high, p) <= (1-confidence)/2 {
					t.Errorf("n=%d p=%v: %d to %d is wider than it has to be", n, p, low, high)
				}
			}
		}
	}
}

func TestProportionIsClopperPearson(t *testing.T) {
	// Published values of the exact interval.
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.30850},
		{1, 10, 0.00253, 0.44502},
		{5, 10, 0.18709, 0.81291},
		{10, 10, 0.69150, 1},
		{8, 100, 0.03517, 0.15156},
	} {
		low, high := Proportion(c.k, c.n, 0.95)
		if math.Abs(low-c.low) > 1e-5 || math.Abs(high-c.high) > 1e-5 {
			t.Errorf("%d of %d: %.5f to %.5f, want %.5f to %.5f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

func TestProportionCoversTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(seed, 1))
	const runs, n, p, confidence = 500, 200, 0.3, 0.95
	missed := 0
	for range runs {
		if low, high := Proportion(draw(random, n, p), n, confidence); p < low || p > high {
			missed++
		}
	}
	// 25 misses are allowed on average; whoever covers exactly is above 55 once in millions.
	if missed > 55 {
		t.Errorf("the true share was missed %d times of %d", missed, runs)
	}
}

func TestSampleSizeIsTheDefault(t *testing.T) {
	each := 1 - (1-EachOf(Confidence))/2
	n := SampleSize(0.7, 0.64, each, 0.999)
	if n == 0 || n > Sample || n < Sample/2 {
		t.Errorf("70/30 against 64/36 takes %d answers, the default is %d", n, Sample)
	}
	if power := Power(Sample, 0.7, 0.64, each); power < 0.999 {
		t.Errorf("the default sample catches 64/36 with a power of %v only", power)
	}
	if n := SampleSize(0.5, 0.5, 0.999, 0.999); n != 0 {
		t.Errorf("nothing tells a share from itself, got a sample of %d", n)
	}
	if n := SampleSize(0, 0.01, 0.999, 0.999); n != 688 {
		t.Errorf("one answer in a hundred, where none should be, takes %d answers, want 688", n)
	}
}

func TestARightMeshPasses(t *testing.T) {
	random := rand.New(rand.NewPCG(seed, 2))
	weights := map[string]int64{"a": 60, "b": 30, "c": 9, "d": 1, "e": 0}
	const runs, confidence = 600, 0.99
	failed := 0
	for range runs {
		if _, err := Within(serve(random, Sample, weights), weights, confidence); err != nil {
			failed++
		}
	}
	// Six on average at the most; 22 is beyond what chance does.
	if failed > 22 {
		t.Errorf("a right mesh failed %d of %d times at a confidence of %v", failed, runs, confidence)
	}
}

func TestWrongMeshesAreCaught(t *testing.T) {
	for name, c := range map[string]struct{ stated, served map[string]int64 }{
		"64/36 for 70/30":         {map[string]int64{"a": 70, "b": 30}, map[string]int64{"a": 64, "b": 36}},
		"equal":                   {map[string]int64{"a": 3, "b": 1}, map[string]int64{"a": 1, "b": 1}},
		"swapped":                 {map[string]int64{"a": 3, "b": 1}, map[string]int64{"a": 1, "b": 3}},
		"off by one":              {map[string]int64{"a": 3, "b": 1}, map[string]int64{"a": 4, "b": 2}},
		"0 gets one":              {map[string]int64{"a": 1, "b": 0}, map[string]int64{"a": 1, "b": 1}},
		"0 gets one of a hundred": {map[string]int64{"a": 99, "b": 0}, map[string]int64{"a": 99, "b": 1}},
		"duplicates collapsed":    {map[string]int64{"a": 2, "b": 1}, map[string]int64{"a": 1, "b": 1}},
		"only the first":          {map[string]int64{"a": 99, "b": 1}, map[string]int64{"a": 1}},
		"a stranger":              {map[string]int64{"a": 99, "b": 1}, map[string]int64{"a": 98, "b": 1, "c": 1}},
	} {
		random := rand.New(rand.NewPCG(seed, 3))
		passed := 0
		for range 100 {
			if _, err := Within(serve(random, Sample, c.served), c.stated, EachOf(Confidence)); err == nil {
				passed++
			}
		}
		if passed > 1 {
			t.Errorf("%s passed %d of 100 times", name, passed)
		}
	}
}

func TestWithinSaysWhatIsWrong(t *testing.T) {
	shares, err := Within(map[string]int{"a": 50, "b": 50}, map[string]int64{"a": 9, "b": 1}, 0.999)
	if err == nil || !strings.Contains(err.Error(), "b: 50 answers (weight 1 allows ") {
		t.Errorf("got %v", err)
	}
	if text := Describe(shares, 0.999); !strings.Contains(text, "a: 50") || !strings.Contains(text, "100 in all, confidence 0.999") {
		t.Errorf("got %s", text)
	}
	for name, c := range map[string]struct {
		counts  map[string]int
		weights map[string]int64
	}{
		"no answers":   {nil, map[string]int64{"a": 1}},
		"no weights":   {map[string]int{"a": 1}, map[string]int64{"a": 0}},
		"below zero":   {map[string]int{"a": 1}, map[string]int64{"a": -1, "b": 2}},
		"a stranger":   {map[string]int{"a": 99, "status 503": 1}, map[string]int64{"a": 1}},
		"zero answers": {map[string]int{"a": 99, "b": 1}, map[string]int64{"a": 1, "b": 0}},
	} {
		if _, err := Within(c.counts, c.weights, 0.999); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// draw counts successes.
func draw(random *rand.Rand, n int, p float64) int {
	k := 0
	for range n {
		if random.Float64() < p {
			k++
		}
	}
	return k
}

// serve is a mesh that keeps the given weights.
func serve(random *rand.Rand, n int, weights map[string]int64) map[string]int {
	total := int64(0)
	for _, w := range weights {
		total += w
	}
	counts, backends := map[string]int{}, names(nil, weights)
	for range n {
		at := random.Int64N(total)
		for _, name := range backends {
			if at -= weights[name]; at < 0 {
				counts[name]++
				break
			}
		}
	}
	return counts
}
