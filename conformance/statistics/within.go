package statistics

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	// Confidence of a run: how often a mesh that keeps all weights passes all verdicts of a run.
	Confidence = 0.999
	// Verdicts is how many verdicts a run may have; the room for bad luck is shared out among them.
	Verdicts = 40
	// Sample is how many answers a verdict takes: enough to see 64/36 served for 70/30 in 999 of 1,000 runs.
	Sample = 3500
)

// EachOf is the confidence of a single verdict in a run of the given confidence.
func EachOf(run float64) float64 {
	return 1 - (1-run)/Verdicts
}

// Share is what one backend should have had and had.
type Share struct {
	Name   string `json:"name"`
	Weight int64  `json:"weight"`
	Count  int    `json:"count"`
	// Low and High are the counts that its weight is believed with.
	Low  int `json:"low"`
	High int `json:"high"`
}

func (s Share) String() string {
	return fmt.Sprintf("%s: %d answers (weight %d allows %d to %d)", s.Name, s.Count, s.Weight, s.Low, s.High)
}

// Within compares what was counted with the weights; the error names each share that no mesh that keeps the weights would
// have shown, at the given confidence for all backends together (Bonferroni). A backend of weight 0, and whoever has no weight
// at all, must not have answered once.
func Within(counts map[string]int, weights map[string]int64, confidence float64) ([]Share, error) {
	total, n := int64(0), 0
	for name, weight := range weights {
		if weight < 0 {
			return nil, fmt.Errorf("weight of %s is negative: %d", name, weight)
		}
		total += weight
	}
	for _, count := range counts {
		n += count
	}
	if total == 0 || n == 0 {
		return nil, fmt.Errorf("nothing to compare: %d answers, weights that sum up to %d", n, total)
	}
	each := 1 - (1-confidence)/float64(len(weights))
	var shares []Share
	var wrong []error
	for _, name := range names(counts, weights) {
		share := Share{Name: name, Weight: weights[name], Count: counts[name]}
		share.Low, share.High = Interval(n, float64(share.Weight)/float64(total), each)
		if shares = append(shares, share); share.Count < share.Low || share.Count > share.High {
			wrong = append(wrong, errors.New(share.String()))
		}
	}
	return shares, errors.Join(wrong...)
}

// Describe puts a verdict's figures into one line.
func Describe(shares []Share, confidence float64) string {
	parts := make([]string, 0, len(shares))
	n := 0
	for _, s := range shares {
		parts = append(parts, s.String())
		n += s.Count
	}
	return fmt.Sprintf("%s; %d in all, confidence %.6g", strings.Join(parts, ", "), n, confidence)
}

func names(counts map[string]int, weights map[string]int64) []string {
	all := map[string]bool{}
	for name := range counts {
		all[name] = true
	}
	for name := range weights {
		all[name] = true
	}
	return slices.Sorted(maps.Keys(all))
}
