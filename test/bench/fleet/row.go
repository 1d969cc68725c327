package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
)

// row is one line of the report: what was done, to whom, and what came of it.
type row map[string]any

// report is the rows so far, in a file that always holds them.
type report struct {
	file string
	rows []row
	// common is what all rows say until it is changed.
	common row
}

func (r *report) add(event string, fields row) error {
	line := maps.Clone(r.common)
	maps.Copy(line, fields)
	line["event"], line["load"] = event, cluster.Load()
	r.rows = append(r.rows, line)
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	all, err := json.MarshalIndent(r.rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(r.file, append(all, '\n'), 0o644)
}

func milliseconds(d time.Duration) float64 { return round(float64(d.Nanoseconds()) / 1e6) }

func microseconds(d time.Duration, among int) float64 {
	return round(float64(d.Nanoseconds()) / 1e3 / float64(among))
}

func share(n int64, among int) float64 { return round(float64(n) / float64(among)) }

func round(f float64) float64 { return math.Round(f*100) / 100 }

// quantile is of values in any order.
func quantile(values []time.Duration, q float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
