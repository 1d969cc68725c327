package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/weft-mesh/weft/test/traffic"
)

// missed is how seldom a fair split may be called a wrong one.
const missed = 0.001

const barWidth = 24

func printHead(out io.Writer, requests int) {
	fmt.Fprintf(out, "    %-8s %-16s %-8s %-18s %s\n", "from", "call", "outcome", "expected", fmt.Sprintf("measured of %d", requests))
}

// printMeasure writes one line for each outcome, and tells whether all counts are as expected.
func printMeasure(out io.Writer, m measure, counts traffic.Counts, requests int) bool {
	ok := true
	from, what := m.from, m.what
	for _, outcome := range outcomes(m.want, counts) {
		low, high := traffic.Interval(requests, m.want[outcome], missed)
		count := counts[outcome]
		mark := ""
		if count < low || count > high {
			ok, mark = false, "  <- NOT AS EXPECTED"
		}
		fmt.Fprintf(out, "    %-8s %-16s %-8s %-18s %4d %s%s\n", from, what, outcome, expectation(low, high), count, bar(count, requests), mark)
		from, what = "", ""
	}
	return ok
}

// outcomes lists what was wanted and what was seen, in a fixed order.
func outcomes(want map[string]float64, counts traffic.Counts) []string {
	names := map[string]bool{}
	for name := range want {
		names[name] = true
	}
	for name := range counts {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func expectation(low, high int) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

func bar(count, of int) string {
	filled := int(math.Round(barWidth * float64(count) / float64(of)))
	return "[" + strings.Repeat("#", filled) + strings.Repeat(" ", barWidth-filled) + "]"
}
