package main

import (
	"maps"
	"time"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
	"github.com/weft-mesh/weft/test/bench/record"
)

// row is one line of the report: what was done, to whom, and what came of it.
type row = record.Row

// report is the rows so far, in a file that always holds them.
type report struct {
	record.File
	// common is what all rows say until it is changed.
	common row
}

func (r *report) add(event string, fields row) error {
	line := maps.Clone(r.common)
	maps.Copy(line, fields)
	line["event"], line["load"] = event, cluster.Load()
	return r.Add(line)
}

func microseconds(d time.Duration, among int) float64 {
	return record.Round(float64(d.Nanoseconds()) / 1e3 / float64(among))
}

func share(n int64, among int) float64 { return record.Round(float64(n) / float64(among)) }
