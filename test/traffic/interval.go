package traffic

import "math"

// Interval is the smallest and the largest count that a binomial variable of n trials takes, but for at most half of
// miss on either side: a fair split is outside of it less than once in 1/miss runs.
func Interval(n int, p, miss float64) (low, high int) {
	if p <= 0 {
		return 0, 0
	}
	if p >= 1 {
		return n, n
	}
	below := 0.0
	for low = 0; low < n; low++ {
		if below += mass(n, low, p); below > miss/2 {
			break
		}
	}
	above := 0.0
	for high = n; high > 0; high-- {
		if above += mass(n, high, p); above > miss/2 {
			break
		}
	}
	return low, high
}

// mass is the probability of exactly k successes.
func mass(n, k int, p float64) float64 {
	all, _ := math.Lgamma(float64(n + 1))
	hits, _ := math.Lgamma(float64(k + 1))
	misses, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(all - hits - misses + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}
