package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// row is one figure with what it is of. Its fields are those of
// docs/performance.json.
type row map[string]any

// String is the row on one line, by name.
func (r row) String() string {
	text, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// write replaces a file by rows.
func write(file string, rows []row) error {
	text, err := json.MarshalIndent(rows, "", " ")
	if err != nil {
		return fmt.Errorf("encode the figures: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil { //nolint:gosec // figures are for everybody
		return fmt.Errorf("write the figures: %w", err)
	}
	return nil
}

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
func median(of []float64) float64 { return quantile(of, 0.5) }

// quantile is the smallest figure that at least that share does not exceed.
func quantile(of []float64, share float64) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	rank := int(share*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// rounded keeps what a figure is worth.
func rounded(v float64) float64 {
	n, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64) // what was printed can be read
	return n
}
