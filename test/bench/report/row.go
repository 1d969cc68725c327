package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// row is one measurement: what was measured in strings and numbers, and what
// came of it in numbers.
type row map[string]any

func (r row) text(field string) string { s, _ := r[field].(string); return s }

func (r row) number(field string) (float64, bool) { n, ok := r[field].(float64); return n, ok }

// is tells whether a row has all of some fields.
func (r row) is(want row) bool {
	for field, v := range want {
		if r[field] != v {
			return false
		}
	}
	return true
}

// results are all that was measured: what docs/performance.json holds.
type results struct {
	Model    []row    `json:"model"`
	Fleet    []row    `json:"fleet"`
	Proxy    []row    `json:"proxy"`
	Faults   []row    `json:"faults"`
	Machine  string   `json:"machine"`
	Commit   string   `json:"commit"`
	Commands []string `json:"commands"`
}

// bench names a part of the results.
type bench string

const (
	model  bench = "model"
	fleet  bench = "fleet"
	proxy  bench = "proxy"
	faults bench = "faults"
)

var benches = []bench{model, fleet, proxy, faults}

func (rs *results) of(b bench) *[]row {
	switch b {
	case model:
		return &rs.Model
	case fleet:
		return &rs.Fleet
	case proxy:
		return &rs.Proxy
	default:
		return &rs.Faults
	}
}

// find gives the rows of a bench that have some fields, those of the largest
// fleet last.
func (rs *results) find(b bench, want row) []row {
	var found []row
	for _, r := range *rs.of(b) {
		if r.is(want) {
			found = append(found, r)
		}
	}
	slices.SortStableFunc(found, func(a, b row) int {
		m, _ := a.number("proxies")
		n, _ := b.number("proxies")
		return cmp.Compare(m, n)
	})
	return found
}

func readJSON(path string, to any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, to); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// array has one row a line, so that a new measurement is a diff that reads.
func array(rows []row) ([]byte, error) {
	out := []byte("[")
	for i, r := range rows {
		line, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, "\n    "...), line...)
	}
	return append(out, "\n  ]"...), nil
}

// encoded is docs/performance.json.
func (rs *results) encoded() ([]byte, error) {
	out := []byte("{")
	for _, b := range benches {
		rows, err := array(*rs.of(b))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b, err)
		}
		out = fmt.Appendf(out, "\n  %q: %s,", b, rows)
	}
	for _, f := range []struct {
		name string
		v    any
	}{{"machine", rs.Machine}, {"commit", rs.Commit}, {"commands", rs.Commands}} {
		v, err := json.Marshal(f.v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		out = fmt.Appendf(out, "\n  %q: %s,", f.name, v)
	}
	return append(out[:len(out)-1], "\n}\n"...), nil
}
