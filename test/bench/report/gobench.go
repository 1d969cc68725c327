package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// fieldOf are the fields of the units that Go's benchmarks report.
var fieldOf = map[string]string{
	"ns/op": "ns_op", "allocs/op": "allocs_op", "B/op": "bytes_op",
	"resources/op": "resources_built", "proxies/op": "proxies_touched",
}

// goalOf are the goals that a benchmark is evidence for.
var goalOf = map[string]string{
	"endpoint-added": "G8", "weight-changed": "G8", "target-added": "G8", "nothing-changed": "G7",
	"proxy-built": "G4", "all-proxies-built": "G6", "proxy-like-others": "G6", "issue": "G15",
}

var procs = regexp.MustCompile(`-\d+$`)

// readBenchmarks reads what `go test -bench` prints. The name of a benchmark is
// its fields (event=…/services=…); one that ran several times is one row, of
// medians.
func readBenchmarks(r io.Reader) ([]row, error) {
	var names []string
	samples := map[string]map[string][]float64{}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		words := strings.Fields(s.Text())
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name := procs.ReplaceAllString(words[0], "")
		if samples[name] == nil {
			names = append(names, name)
			samples[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(words); i += 2 {
			v, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			samples[name][words[i+1]] = append(samples[name][words[i+1]], v)
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read benchmarks: %w", err)
	}
	rows := make([]row, 0, len(names))
	for _, name := range names {
		r := fieldsOf(name)
		for unit, values := range samples[name] {
			if field := fieldOf[unit]; field != "" {
				r[field] = median(values)
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// fieldsOf reads the name of a benchmark. One without an event is its own.
func fieldsOf(name string) row {
	parts := strings.Split(strings.TrimPrefix(name, "Benchmark"), "/")
	r := row{"event": strings.ToLower(parts[0])}
	for _, p := range parts[1:] {
		field, value, ok := strings.Cut(p, "=")
		if !ok {
			continue
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			r[field] = n
		} else {
			r[field] = value
		}
	}
	if g := goalOf[r.text("event")]; g != "" {
		r["goal"] = g
	}
	return r
}

func median(vs []float64) float64 {
	vs = slices.Sorted(slices.Values(vs))
	if n := len(vs); n%2 == 0 {
		return (vs[n/2-1] + vs[n/2]) / 2
	}
	return vs[len(vs)/2]
}
