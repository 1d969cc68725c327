package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
)

// row is one line of the report.
type row map[string]any

// add writes all rows so far, and prints the new one.
func (b *bench) add(r row) error {
	r["services"], r["proxies"], r["load"] = b.services, b.proxies, cluster.Load()
	b.rows = append(b.rows, r)
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fmt.Println(string(line))
	all, err := json.MarshalIndent(b.rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.out), 0o755); err != nil {
		return err
	}
	return os.WriteFile(b.out, append(all, '\n'), 0o644)
}

// quantile is of durations in any order, in milliseconds.
func quantile(values []time.Duration, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return milliseconds(sorted[min(int(q*float64(len(sorted))), len(sorted)-1)])
}

func milliseconds(d time.Duration) float64 { return round(float64(d.Nanoseconds()) / 1e6) }

func percent(part, whole time.Duration) float64 { return round(100 * part.Seconds() / whole.Seconds()) }

func round(f float64) float64 { return math.Round(f*100) / 100 }
