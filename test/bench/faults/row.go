package main

import (
	"time"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
	"github.com/weft-mesh/weft/test/bench/record"
)

// row is one line of the report.
type row = record.Row

// add writes all rows so far, and prints the new one.
func (b *bench) add(r row) error {
	r["services"], r["proxies"], r["load"] = b.services, b.proxies, cluster.Load()
	return b.report.Add(r)
}

func percent(part, whole time.Duration) float64 {
	return record.Round(100 * part.Seconds() / whole.Seconds())
}
