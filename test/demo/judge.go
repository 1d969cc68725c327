package main

import (
	"maps"
	"slices"

	"github.com/weft-mesh/weft/test/traffic"
)

// miss is the probability that a fair split is judged wrong.
const miss = 0.001

// verdict compares how often an outcome was measured with how often it must be.
type verdict struct {
	outcome string
	// share is the outcome's probability.
	share float64
	// low and high are the smallest and the largest right count.
	low, high int
	count     int
	total     int
}

// ok tells whether the count is right.
func (v verdict) ok() bool { return v.total > 0 && v.low <= v.count && v.count <= v.high }

// judge has a verdict for each outcome that is wanted, and for each that was measured though it is not.
func judge(want []share, counts traffic.Counts) []verdict {
	total := 0
	for _, n := range counts {
		total += n
	}
	unexpected := maps.Clone(counts)
	var verdicts []verdict
	for _, w := range want {
		low, high := traffic.Interval(total, w.p, miss)
		verdicts = append(verdicts, verdict{w.outcome, w.p, low, high, counts[w.outcome], total})
		delete(unexpected, w.outcome)
	}
	for _, outcome := range slices.Sorted(maps.Keys(unexpected)) {
		if n := unexpected[outcome]; n > 0 {
			verdicts = append(verdicts, verdict{outcome: outcome, count: n, total: total})
		}
	}
	return verdicts
}

// allRight tells whether every verdict is ok.
func allRight(verdicts []verdict) bool {
	return !slices.ContainsFunc(verdicts, func(v verdict) bool { return !v.ok() })
}
