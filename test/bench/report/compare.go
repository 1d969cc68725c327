package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// guarded are the fields that must not grow, and how much of each is noise.
// Time is not among them: it says more of the machine than of the code.
var guarded = []struct {
	field string
	noise float64
}{{"allocs_op", 2}, {"bytes_op", 256}, {"resources_built", 0.5}}

// growth is how much of a guarded field is too much.
const growth = 1.2

// compareFiles fails where the benchmarks of the second file cost more than
// those of the first.
func compareFiles(paths []string, out io.Writer) error {
	if len(paths) != 2 {
		return errors.New(usage)
	}
	var sides [2][]row
	for i, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if sides[i], err = readBenchmarks(f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	common, worse := compare(sides[0], sides[1])
	if common == 0 {
		return fmt.Errorf("%s and %s have no benchmark in common", paths[0], paths[1])
	}
	for _, w := range worse {
		fmt.Fprintln(out, w)
	}
	if len(worse) > 0 {
		return fmt.Errorf("%d figures are more than 20 %% worse", len(worse))
	}
	fmt.Fprintf(out, "%d benchmarks allocate and build no more than 20 %% more\n", common)
	return nil
}

// compare counts the benchmarks that both sides have, and says what is worse on
// the second.
func compare(before, after []row) (common int, worse []string) {
	for _, old := range before {
		i := slices.IndexFunc(after, func(r row) bool { return r.is(old.identity()) })
		if i < 0 {
			continue
		}
		common++
		for _, g := range guarded {
			was, _ := old.number(g.field)
			now, known := after[i].number(g.field)
			if _, had := old.number(g.field); !had || !known {
				continue
			}
			if now > was*growth && now-was > g.noise {
				worse = append(worse, fmt.Sprintf("%s: %s %s, was %s", old.name(), g.field, figures(now), figures(was)))
			}
		}
	}
	return common, worse
}

// identity are the fields that say what was measured.
func (r row) identity() row {
	id := row{}
	for f, v := range r {
		if !slices.Contains(measured, f) {
			id[f] = v
		}
	}
	return id
}

// measured are the fields that benchmarks measure.
var measured = []string{"ns_op", "allocs_op", "bytes_op", "resources_built", "proxies_touched"}

func (r row) name() string {
	parts := []string{r.text("event")}
	for _, c := range columnsOf([]row{r.identity()}) {
		parts = append(parts, fmt.Sprintf("%s=%s", c, cell(r[c])))
	}
	return strings.Join(parts, " ")
}
