package statistics

import "math"

// Interval is the smallest and the largest count of n answers that a share of p is believed with: a mesh that keeps the
// share is outside of it, on both sides together, with a probability of at most 1-confidence. A share of 0 or 1 leaves no room.
func Interval(n int, p, confidence float64) (low, high int) {
	if n <= 0 || p <= 0 {
		return 0, 0
	}
	if p >= 1 {
		return n, n
	}
	tail := (1 - confidence) / 2
	for sum := mass(n, 0, p); sum <= tail && low < n; {
		low++
		sum += mass(n, low, p)
	}
	high = n
	for sum := mass(n, n, p); sum <= tail && high > low; {
		high--
		sum += mass(n, high, p)
	}
	return low, high
}

// Proportion is the exact (Clopper-Pearson) interval of the share that shows itself in k of n answers.
func Proportion(k, n int, confidence float64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	tail := (1 - confidence) / 2
	high = 1
	if k > 0 {
		low = bisect(func(p float64) bool { return atLeast(n, k, p) > tail })
	}
	if k < n {
		high = bisect(func(p float64) bool { return atMost(n, k, p) <= tail })
	}
	return low, high
}

// Power is the probability that a mesh which serves the share wrong is outside of the interval of the share p.
func Power(n int, p, wrong, confidence float64) float64 {
	low, high := Interval(n, p, confidence)
	return atMost(n, low-1, wrong) + atLeast(n, high+1, wrong)
}

// SampleSize is how many answers it takes to catch a share that is wrong instead of p with the given power, while a right
// one is believed with the given confidence. It is 0 where no sample can tell them apart.
func SampleSize(p, wrong, confidence, power float64) int {
	if p == wrong {
		return 0
	}
	high := 1
	for Power(high, p, wrong, confidence) < power {
		if high *= 2; high > maxSample {
			return 0
		}
	}
	low := high / 2
	for high-low > 1 {
		if middle := (low + high) / 2; Power(middle, p, wrong, confidence) < power {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// maxSample bounds the search for a sample; no test asks this much.
const maxSample = 1 << 22

// atMost is the probability of k successes or fewer.
func atMost(n, k int, p float64) float64 {
	sum := 0.0
	for i := 0; i <= k; i++ {
		sum += mass(n, i, p)
	}
	return min(sum, 1)
}

// atLeast is the probability of k successes or more.
func atLeast(n, k int, p float64) float64 {
	sum := 0.0
	for i := n; i >= max(k, 0); i-- {
		sum += mass(n, i, p)
	}
	return min(sum, 1)
}

// mass is the probability of exactly k successes.
func mass(n, k int, p float64) float64 {
	if p <= 0 || p >= 1 {
		if (p <= 0 && k == 0) || (p >= 1 && k == n) {
			return 1
		}
		return 0
	}
	all, _ := math.Lgamma(float64(n) + 1)
	hits, _ := math.Lgamma(float64(k) + 1)
	misses, _ := math.Lgamma(float64(n-k) + 1)
	return math.Exp(all - hits - misses + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
}

// bisect finds where a condition on a share becomes true, from 0 to 1.
func bisect(holds func(float64) bool) float64 {
	low, high := 0.0, 1.0
	for range 60 {
		if middle := (low + high) / 2; holds(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}
