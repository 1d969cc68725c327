package traffic

import (
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// tail sums the exact probabilities of the counts from..to, in rational numbers.
func tail(n int, p *big.Rat, from, to int) float64 {
	miss := new(big.Rat).Sub(big.NewRat(1, 1), p)
	sum := new(big.Rat)
	for k := from; k <= to; k++ {
		term := new(big.Rat).SetInt(new(big.Int).Binomial(int64(n), int64(k)))
		term.Mul(term, power(p, k)).Mul(term, power(miss, n-k))
		sum.Add(sum, term)
	}
	f, _ := sum.Float64()
	return f
}

func power(r *big.Rat, k int) *big.Rat {
	e := big.NewInt(int64(k))
	return new(big.Rat).SetFrac(new(big.Int).Exp(r.Num(), e, nil), new(big.Int).Exp(r.Denom(), e, nil))
}

func TestInterval(t *testing.T) {
	tests := map[string]struct {
		n    int
		p    *big.Rat
		miss float64
	}{
		"a quarter of 200":      {200, big.NewRat(1, 4), 0.001},
		"half of 10":            {10, big.NewRat(1, 2), 0.05},
		"one in a hundred":      {300, big.NewRat(1, 100), 0.001},
		"three quarters of 500": {500, big.NewRat(3, 4), 0.001},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := tc.p.Float64()
			low, high := Interval(tc.n, p, tc.miss)
			if below := tail(tc.n, tc.p, 0, low-1); below > tc.miss/2 {
				t.Errorf("below %d lies %g, more than %g", low, below, tc.miss/2)
			}
			if with := tail(tc.n, tc.p, 0, low); with <= tc.miss/2 {
				t.Errorf("%d could go: up to it lies only %g", low, with)
			}
			if above := tail(tc.n, tc.p, high+1, tc.n); above > tc.miss/2 {
				t.Errorf("above %d lies %g, more than %g", high, above, tc.miss/2)
			}
			if with := tail(tc.n, tc.p, high, tc.n); with <= tc.miss/2 {
				t.Errorf("%d could go: from it lies only %g", high, with)
			}
		})
	}
}

func TestIntervalOfTheTest(t *testing.T) {
	// Three standard deviations and a bit: 3.29 * sqrt(2000 * 0.75 * 0.25) = 63.7.
	low, high := Interval(2000, 0.75, 0.001)
	if math.Abs(float64(low)-1436) > 3 || math.Abs(float64(high)-1564) > 3 {
		t.Errorf("Interval(2000, 0.75, 0.001) = %d, %d, want about 1436, 1564", low, high)
	}
}

func TestIntervalAtTheEdges(t *testing.T) {
	if low, high := Interval(500, 0, 0.001); low != 0 || high != 0 {
		t.Errorf("never: %d, %d", low, high)
	}
	if low, high := Interval(500, 1, 0.001); low != 500 || high != 500 {
		t.Errorf("always: %d, %d", low, high)
	}
}

func TestPercentile(t *testing.T) {
	var times []time.Duration
	for i := 100; i > 0; i-- {
		times = append(times, time.Duration(i))
	}
	for share, want := range map[float64]time.Duration{0.5: 50, 0.99: 99, 1: 100, 0: 1} {
		if got := Percentile(times, share); got != want {
			t.Errorf("Percentile(1..100, %g) = %d, want %d", share, got, want)
		}
	}
	if got := Percentile(times[:50], 0.99); got != 100 {
		t.Errorf("Percentile(51..100, 0.99) = %d, want 100", got)
	}
}

func TestParseLoad(t *testing.T) {
	load, err := ParseLoad(`{"RetCodes":{"200":7,"503":2,"-1":1},"ActualQPS":99.6,"DurationHistogram":{"Count":10,"Percentiles":[{"Percentile":99,"Value":0.0125}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	if load.Total() != 10 || load.Failed("200") != 3 || load.Failed("200", "503") != 1 {
		t.Errorf("total %d, failed %d and %d", load.Total(), load.Failed("200"), load.Failed("200", "503"))
	}
	if want := "10 calls at 100/s (-1: 1, 200: 7, 503: 2), p99 12.50 ms"; load.String() != want {
		t.Errorf("String() = %q, want %q", load, want)
	}
	if _, err := ParseLoad("fortio: no such host"); err == nil {
		t.Error("no error for what is not JSON")
	}
}

func TestCount(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Backend", r.Host+r.URL.Path+r.Header.Get("X-Who"))
	}))
	defer server.Close()
	caller := NewCaller(strings.TrimPrefix(server.URL, "http://"))
	defer caller.Close()
	call := Call{Host: "web", Path: "/a", Headers: map[string]string{"x-who": "me"}}
	counts := caller.Count(t.Context(), 5, call, func(a Answer) string { return a.Header.Get("X-Backend") })
	if counts["web/ame"] != 5 || len(counts) != 1 {
		t.Errorf("counts = %v", counts)
	}
	if caller.Dials() != 1 {
		t.Errorf("%d connections for 5 calls", caller.Dials())
	}
	server.Close()
	if counts := caller.Count(t.Context(), 1, call, func(Answer) string { return "" }); len(counts) != 1 || counts[""] != 0 {
		t.Errorf("a server that is gone: %v", counts)
	}
}
