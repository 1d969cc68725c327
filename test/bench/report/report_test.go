package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const benchmarks = `goos: linux
pkg: example
BenchmarkEvent/event=weight-changed/access=enforcing/services=100-2   20   5000 ns/op   12.00 proxies/op   1.000 resources/op   32574 B/op   400 allocs/op
BenchmarkEvent/event=weight-changed/access=enforcing/services=100-2   20   9000 ns/op   12.00 proxies/op   1.000 resources/op   32576 B/op   400 allocs/op
BenchmarkEvent/event=weight-changed/access=enforcing/services=100-2   20   7000 ns/op   12.00 proxies/op   1.000 resources/op   32575 B/op   400 allocs/op
BenchmarkIssue/kind=key-and-certificate-2   1000   100000 ns/op
PASS
`

func mustRead(t *testing.T, text string) []row {
	t.Helper()
	rows, err := readBenchmarks(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestBenchmarksAreRows: a benchmark's name is its fields, and runs are medians.
func TestBenchmarksAreRows(t *testing.T) {
	rows := mustRead(t, benchmarks)
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	want := row{
		"event": "weight-changed", "access": "enforcing", "services": 100.0, "goal": "G8",
		"ns_op": 7000.0, "allocs_op": 400.0, "bytes_op": 32575.0, "resources_built": 1.0, "proxies_touched": 12.0,
	}
	if !rows[0].is(want) || len(rows[0]) != len(want) {
		t.Errorf("got %v, want %v", rows[0], want)
	}
	if !rows[1].is(row{"event": "issue", "kind": "key-and-certificate", "ns_op": 100_000.0}) {
		t.Errorf("got %v", rows[1])
	}
	if _, err := readBenchmarks(strings.NewReader("BenchmarkX 20 many ns/op\n")); err == nil {
		t.Error("a figure that is none is read")
	}
}

// TestCompareGuardsWork: more garbage and more resources fail, time does not.
func TestCompareGuardsWork(t *testing.T) {
	for name, tt := range map[string]struct {
		from, to string
		worse    int
	}{
		"nothing":                {"", "", 0},
		"time":                   {"000 ns/op", "0000 ns/op", 0},
		"20 percent":             {"400 allocs", "480 allocs", 0},
		"more allocations":       {"400 allocs", "500 allocs", 1},
		"more bytes":             {"3257", "4257", 1},
		"more resources":         {"1.000 resources", "2.000 resources", 1},
		"fewer of everything":    {"400 allocs", "40 allocs", 0},
		"a benchmark that is no": {"allocs/op", "apples/op", 0},
	} {
		common, worse := compare(mustRead(t, benchmarks), mustRead(t, strings.ReplaceAll(benchmarks, tt.from, tt.to)))
		if common != 2 || len(worse) != tt.worse {
			t.Errorf("%s: %d in common, worse %q, want %d", name, common, worse, tt.worse)
		}
	}
}

// TestCompareFails: what is worse, or cannot be compared, is an error.
func TestCompareFails(t *testing.T) {
	file := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	old := file("old", benchmarks)
	for name, tt := range map[string]struct {
		to    string
		fails bool
	}{
		"the same":   {benchmarks, false},
		"worse":      {strings.ReplaceAll(benchmarks, "400 allocs", "900 allocs"), true},
		"other ones": {strings.ReplaceAll(benchmarks, "=100-2", "=20-2"), false},
		"none":       {"PASS\n", true},
	} {
		var out bytes.Buffer
		err := run([]string{"compare", old, file("new", tt.to)}, nil, &out)
		if (err != nil) != tt.fails {
			t.Errorf("%s: %v, said %q", name, err, &out)
		}
		if name == "worse" && !strings.Contains(out.String(), "weight-changed access=enforcing services=100: allocs_op 900, was 400") {
			t.Errorf("it does not say what is worse: %q", &out)
		}
	}
}

// TestLaws: how a cost grows is read off the rows.
func TestLaws(t *testing.T) {
	rs := &results{Model: []row{
		{"event": "a", "services": 10.0, "ns_op": 10.0},
		{"event": "a", "services": 1000.0, "ns_op": 1000.0},
		{"event": "a", "services": 100.0, "ns_op": 100.0},
		{"event": "b", "services": 10.0, "ns_op": 7.0},
		{"event": "b", "services": 1000.0, "ns_op": 7.0},
	}}
	for name, tt := range map[string]struct {
		q    quantity
		want float64
		ok   bool
	}{
		"in proportion":       {exponent(row{"event": "a"}, "ns_op"), 1, true},
		"flat":                {exponent(row{"event": "b"}, "ns_op"), 0, true},
		"spread":              {spread(model, row{"event": "a"}, "ns_op"), 100, true},
		"worst":               {worst(value(model, row{"event": "a", "services": 10.0}, "ns_op"), value(model, row{"event": "b", "services": 10.0}, "ns_op")), 10, true},
		"one of two is known": {worst(value(model, row{"event": "a"}, "ns_op"), value(model, row{"event": "c"}, "ns_op")), 0, false},
		"unknown":             {exponent(row{"event": "c"}, "ns_op"), 0, false},
	} {
		if got, ok := tt.q(rs); ok != tt.ok || (ok && (got < tt.want-1e-9 || got > tt.want+1e-9)) {
			t.Errorf("%s: %v %v, want %v %v", name, got, ok, tt.want, tt.ok)
		}
	}
}

// TestFleetsAreComparedAlike: a goal is judged by the run that was as the others
// were, and growth by runs of as many proxies.
func TestFleetsAreComparedAlike(t *testing.T) {
	of := func(tls string, services, proxies, cpu float64) row {
		r := weft("weight-changed", services)
		r["tls"], r["proxies"], r["cpu_us_per_proxy"] = tls, proxies, cpu
		return r
	}
	rs := &results{Fleet: []row{
		of("none", 100, 1000, 10), of("none", 1000, 1000, 11), of("none", 1000, 5000, 30), of("tls", 1000, 1000, 40), of("none", 10_000, 500, 90),
	}}
	if v, ok := ofFleet("weight-changed", "cpu_us_per_proxy")(rs); !ok || v != 11 {
		t.Errorf("of 1,000 proxies without TLS: %v", v)
	}
	if v, ok := ofFleet("weight-changed", "cpu_us_per_proxy")(&results{Fleet: rs.Fleet[3:4]}); !ok || v != 40 {
		t.Errorf("of the only run: %v", v)
	}
	more := &results{Fleet: append(slices.Clone(rs.Fleet[3:4]), of("tls", 1000, 5000, 70))}
	if v, ok := ofFleet("weight-changed", "cpu_us_per_proxy")(more); !ok || v != 40 {
		t.Errorf("of 1,000 proxies, not of 5,000: %v", v)
	}
	if v, ok := spread(fleet, row{"event": "weight-changed", "server": "weft"}, "cpu_us_per_proxy")(rs); !ok || v < 1.1-1e-9 || v > 1.1+1e-9 {
		t.Errorf("growth: %v", v)
	}
	if _, ok := spread(fleet, row{"event": "weight-changed", "server": "weft"}, "cpu_us_per_proxy")(&results{Fleet: rs.Fleet[1:4]}); ok {
		t.Error("growth in one mesh")
	}
}

// TestVerdicts: a goal is met when all of its figures are known and hold.
func TestVerdicts(t *testing.T) {
	g := goal{checks: []check{
		{of: value(model, row{"event": "a"}, "x"), most: 5},
		{of: value(model, row{"event": "a"}, "y"), most: 5, atLeast: true},
	}}
	for want, r := range map[verdict]row{
		met:        {"event": "a", "x": 5.0, "y": 5.0},
		missed:     {"event": "a", "x": 6.0},
		partly:     {"event": "a", "x": 4.0},
		unmeasured: {"event": "b", "x": 4.0},
	} {
		if _, got := g.judge(&results{Model: []row{r}}); got != want {
			t.Errorf("%v: %q, want %q", r, got, want)
		}
	}
	if _, got := g.judge(&results{Model: []row{{"event": "a", "x": 4.0, "y": 4.0}}}); got != missed {
		t.Errorf("less than the least: %q", got)
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.25: "0.25", 0.04567: "0.046", 1.5: "1.5", 40: "40", 12.34: "12.3", 999.6: "1,000", 1_234_567: "1,234,567", -1234: "-1,234", 100: "100",
	} {
		if got := figures(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

// TestAllGoals: each of the eighteen is there, once.
func TestAllGoals(t *testing.T) {
	seen := map[int]int{}
	for _, g := range goals() {
		seen[number(g.id)]++
		if g.what == "" || len(g.checks) == 0 {
			t.Errorf("%s says nothing", g.id)
		}
	}
	for n := 1; n <= 18; n++ {
		if seen[n] != 1 {
			t.Errorf("G%d is there %d times", n, seen[n])
		}
	}
}

// TestLawsOfAnEvent: each of its kinds has a law of its own.
func TestLawsOfAnEvent(t *testing.T) {
	of := func(services, targets, allocs float64, more row) row {
		r := row{"event": "e", "services": services, "targets": targets, "allocs_op": allocs}
		for k, v := range more {
			r[k] = v
		}
		return r
	}
	access, in := row{"access": "permissive"}, row{"in": "targets", "change": "weight-changed"}
	for want, rows := range map[string][]row{
		"[the number of services to the power of 1 (permissive)]":    {of(10, 10, 10, access), of(100, 10, 100, access)},
		"[the number of targets to the power of 0 (weight-changed)]": {of(10, 10, 7, in), of(10, 100, 7, in)},
		"[]": {of(10, 10, 10, nil), of(100, 100, 100, nil)},
	} {
		if got := fmt.Sprint(laws(rows)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestReasonsAreOfGoalsThatAreMissed: each is of a goal, and is on the page if
// that is missed.
func TestReasonsAreOfGoalsThatAreMissed(t *testing.T) {
	known := map[string]bool{}
	for _, g := range slices.Concat(goals(), fairness()) {
		known[g.id] = true
	}
	for id := range reasons {
		if !known[id] {
			t.Errorf("a reason for %s, which is no goal", id)
		}
	}
	defer func(was map[string]string) { reasons = was }(reasons)
	reasons = map[string]string{"F3": "kubectl is slow.", "F1": "no."}
	for pushes, want := range map[float64]bool{12: false, 50: true} {
		rs := &results{Faults: []row{{"event": "kubectl-apply", "pushes_per_proxy": pushes, "took_ms": 100_000.0}}}
		if got := strings.Contains(page(rs), "- F3: kubectl is slow.\n"); got != want || strings.Contains(page(rs), "- F1: no.") {
			t.Errorf("%v pushes: said is %v", pushes, got)
		}
	}
}

// TestFairnessIsOfTheWorst: of those who misbehave, and of all of them.
func TestFairnessIsOfTheWorst(t *testing.T) {
	of := func(kind string, ms, peak float64) row {
		r := aFault(kind)
		r["last_ack_p50_ms"], r["peak_rss_bytes"], r["services"], r["proxies"] = ms, peak, 1000.0, 200.0
		return r
	}
	rs := &results{Faults: []row{of("nobody-misbehaves", 500, 200e6), of("reads-nothing", 60, 240e6), of("all-of-these", 30, 300e6)}}
	outcomes, v := fairness()[0].judge(rs)
	if outcomes[0].value != 60 || outcomes[2].value != 1.5 || v != missed {
		t.Errorf("got %v, %s", outcomes, v)
	}
	if got, _ := ofWhatSizingAsks(rs); got < 1.22 || got > 1.23 {
		t.Errorf("300 MB are %v times the limit", got)
	}
	sizing, err := os.ReadFile("../../../docs/sizing.md")
	if err != nil || !strings.Contains(string(sizing), "limit = 128 MiB + 60 kB × Services + 0.25 MB × proxies") {
		t.Errorf("docs/sizing.md asks for another limit: %v", err)
	}
}

// TestPageReplacesWhatWasMeasured: the rest stays.
func TestPageReplacesWhatWasMeasured(t *testing.T) {
	rows, docs := t.TempDir(), t.TempDir()
	write := func(dir, name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(docs, "performance.json", `{"model": [{"event": "old"}], "fleet": [{"event": "kept"}], "proxy": [], "machine": "m", "commit": "c", "commands": ["x"]}`)
	write(rows, "model.json", `[{"event": "new", "services": 10, "ns_op": 5}]`)
	if err := run([]string{"page", "-rows", rows, "-docs", docs, "-commit", "abc", "-command", "make bench-model"}, nil, nil); err != nil {
		t.Fatal(err)
	}
	var rs results
	if err := readJSON(filepath.Join(docs, "performance.json"), &rs); err != nil {
		t.Fatal(err)
	}
	if len(rs.Model) != 1 || rs.Model[0].text("event") != "new" || len(rs.Fleet) != 1 || rs.Commit != "abc" || rs.Machine != machine() || rs.Commands[0] != "make bench-model" {
		t.Errorf("got %+v", rs)
	}
	written, err := os.ReadFile(filepath.Join(docs, "performance.md"))
	if err != nil || string(written) != page(&rs) {
		t.Errorf("the page is not of the results: %v", err)
	}
	write(rows, "fleet.json", `{`)
	if err := run([]string{"page", "-rows", rows, "-docs", docs}, nil, nil); err == nil {
		t.Error("rows that cannot be read are taken")
	}
}

// TestPageIsOfItsFigures: docs/performance.md says what docs/performance.json
// does.
func TestPageIsOfItsFigures(t *testing.T) {
	const docs = "../../../docs/"
	var rs results
	if err := readJSON(docs+"performance.json", &rs); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(docs + "performance.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != page(&rs) {
		t.Error("docs/performance.md is not of docs/performance.json: run `make performance`")
	}
	encoded, err := rs.encoded()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := os.ReadFile(docs + "performance.json")
	if err != nil || !bytes.Equal(stored, encoded) {
		t.Error("docs/performance.json is not as it is written: run `make performance`")
	}
}
