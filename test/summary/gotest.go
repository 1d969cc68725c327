package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is a line of `go test -json`, as `go doc test2json` describes it.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
	Elapsed    float64
}

type testKey struct{ pkg, test string }

func (k testKey) String() string {
	if k.test == "" {
		return k.pkg
	}
	return k.pkg + " " + k.test
}

// run is what has been read of a test run so far.
type run struct {
	out      io.Writer
	outcomes map[testKey]string
	order    []testKey
	output   map[testKey][]string
	// parents are the tests that have subtests, which are counted in their place.
	parents map[testKey]bool
	// blamed are the packages in which a test failed, so that the package's own failure says nothing new.
	blamed map[string]bool
	// open are the packages that started and have not ended.
	open map[string]bool
}

// readEvents counts the tests of a run. It passes on the output of what failed, and of what is no event.
func readEvents(in io.Reader, out io.Writer) (tally, error) {
	r := &run{
		out: out, outcomes: map[testKey]string{}, output: map[testKey][]string{},
		parents: map[testKey]bool{}, blamed: map[string]bool{}, open: map[string]bool{},
	}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if err == io.EOF {
			return r.tally(), nil
		}
		if err != nil {
			return r.tally(), fmt.Errorf("read the test events: %w", err)
		}
	}
}

func (r *run) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
		fmt.Fprintf(r.out, "%s", line)
		return
	}
	key := testKey{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "start":
		r.open[e.Package] = true
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "run":
		r.markParents(key)
	case "pass", "fail", "skip":
		r.end(key, e)
	}
}

func (r *run) markParents(key testKey) {
	for i, c := range key.test {
		if c == '/' {
			r.parents[testKey{key.pkg, key.test[:i]}] = true
		}
	}
}

func (r *run) end(key testKey, e event) {
	if key.test == "" {
		delete(r.open, key.pkg)
		if e.Action == "fail" {
			r.copyOutput(key)
		}
		// A package that is skipped has no tests.
		if e.Action != "skip" {
			fmt.Fprintf(r.out, "%s %s %.1fs\n", e.Action, key.pkg, e.Elapsed)
		}
	}
	if e.Action == "fail" && key.test != "" {
		r.copyOutput(key)
	}
	r.outcomes[key] = e.Action
	r.order = append(r.order, key)
	if e.Action != "skip" {
		delete(r.output, key)
	}
}

func (r *run) copyOutput(key testKey) {
	for _, line := range r.output[key] {
		fmt.Fprint(r.out, line)
	}
}

// tally counts the innermost tests. What failed with no failed test inside it is counted by its own name: a parent
// test, a package that does not build or that died.
func (r *run) tally() tally {
	var t tally
	for _, key := range r.order {
		switch outcome := r.outcomes[key]; {
		case outcome == "fail":
			r.blame(&t, key)
		case key.test == "" || r.parents[key]:
		case outcome == "pass":
			t.passed++
		case outcome == "skip":
			t.skip(key.String() + reason(r.output[key]))
		}
	}
	var died []string
	for pkg := range r.open {
		died = append(died, pkg)
	}
	slices.Sort(died)
	for _, pkg := range died {
		t.fail(pkg + " (did not end)")
	}
	return t
}

func (r *run) blame(t *tally, key testKey) {
	if r.blamed[key.String()] {
		return
	}
	t.fail(key.String())
	r.blamed[key.pkg] = true
	for i, c := range key.test {
		if c == '/' {
			r.blamed[testKey{key.pkg, key.test[:i]}.String()] = true
		}
	}
}

// reason is what a skipped test said last, without the place in the source.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "===") {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			if _, text, ok = strings.Cut(text, ": "); ok {
				line = text
			}
		}
		return " (" + line + ")"
	}
	return ""
}
