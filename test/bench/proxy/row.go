package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weft-mesh/weft/test/bench/record"
)

// row is one figure with what it is of. Its fields are those of
// docs/performance.json.
type row = record.Row

// numbers reads a flag of numbers, "10,1000".
func numbers(to *[]int) func(string) error {
	return func(text string) error {
		*to = nil
		for _, field := range strings.Split(text, ",") {
			n, err := strconv.Atoi(field)
			if err != nil || n < 1 {
				return fmt.Errorf("%q is no number of things", field)
			}
			*to = append(*to, n)
		}
		return nil
	}
}

// median is the middle one; zero of none.
func median(of []float64) float64 { return record.Quantile(of, 0.5) }

// rounded keeps what a figure is worth.
func rounded(v float64) float64 {
	n, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64) // what was printed can be read
	return n
}
