package report

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/conformance/adapter"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

var update = flag.Bool("update", false, "rewrite testdata")

// catalogue has one feature for each thing that can become of it.
var catalogue = []features.Feature{
	{Name: "SplitPasses", Profile: features.SPLIT, Level: features.Core, Statement: "Weights | are kept", Source: "traffic-split.md, Ports"},
	{Name: "SplitFails", Profile: features.SPLIT, Level: features.Core, Statement: "s", Source: "t"},
	{Name: "SplitExtra", Profile: features.SPLIT, Level: features.Extended, Statement: "s", Source: "t"},
	{Name: "SplitRefused", Profile: features.SPLIT, Level: features.Extended, Statement: "s", Source: "t"},
	{Name: "SplitBeside", Profile: features.SPLIT, Level: features.Extended, Statement: "s", Source: "t"},
	{Name: "AccessLeftOut", Profile: features.ACCESS, Level: features.Core, Statement: "s", Source: "t"},
	{Name: "AccessPasses", Profile: features.ACCESS, Level: features.Core, Statement: "s", Source: "t"},
	{Name: "MetricsLater", Profile: features.METRICS, Level: features.Core, Statement: "s", Source: "t"},
}

func mesh() adapter.Adapter {
	var a adapter.Adapter
	a.Implementation = adapter.Implementation{Organization: "acme", Project: "Acme Mesh", URL: "https://example.com", Version: "v1.2.3", Contact: []string{"a@example.com"}}
	a.Settings.Confidence = 0.999
	a.Skip = map[string]string{"SplitRefused": "needs a port that it lacks"}
	return a
}

func run() suite.Summary {
	return suite.Summary{
		Started:    time.Date(2024, 5, 1, 14, 0, 0, 0, time.FixedZone("", 7200)),
		Seed:       7,
		Kubernetes: "v1.34.4",
		Served:     []string{"split.smi-spec.io/v1alpha4/TrafficSplit", "access.smi-spec.io/v1alpha3/TrafficTarget"},
		Results: []suite.Result{
			{Test: "access-good", Features: []features.Name{"AccessPasses"}, Outcome: suite.Passed},
			{Test: "access-not-chosen", Features: []features.Name{"AccessLeftOut"}, Outcome: suite.Skipped, Message: "not selected"},
			{
				Test: "split-good", Features: []features.Name{"SplitPasses", "SplitExtra"}, Outcome: suite.Passed,
				Figures: []suite.Figure{{Name: "3:1", Value: "a: 2,600, b: 900"}},
			},
			{Test: "split-passing", Features: []features.Name{"SplitFails"}, Outcome: suite.Passed},
			{Test: "split-bad", Features: []features.Name{"SplitFails"}, Outcome: suite.Failed, Message: "b: 50 answers\n(weight 0 allows 0 to 0)"},
			{Test: "split-refused", Features: []features.Name{"SplitRefused", "SplitBeside"}, Outcome: suite.Unsupported, Message: "SplitRefused: needs a port that it lacks"},
		},
	}
}

func TestReportIsGolden(t *testing.T) {
	r := Build(mesh(), "v0.1.0", run(), catalogue)
	paths, err := r.Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		golden(t, path)
	}
	if r.Conforms() {
		t.Error("a run with a failure conforms")
	}
}

func TestReportSurvivesItsFile(t *testing.T) {
	r := Build(mesh(), "v0.1.0", run(), catalogue)
	data, err := r.YAML()
	if err != nil {
		t.Fatal(err)
	}
	var again Report
	if err := yaml.UnmarshalStrict(data, &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, again); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFeatureIsCountedOnce(t *testing.T) {
	r := Build(mesh(), "v0.1.0", run(), catalogue)
	var listed []features.Name
	for _, p := range r.Profiles {
		for _, l := range []*Level{p.Core, p.Extended} {
			if l == nil {
				continue
			}
			all := slices.Concat(l.Passed, l.Failed, l.Unsupported, l.Skipped)
			if s := l.Statistics; s.Passed+s.Failed+s.Unsupported+s.Skipped != len(all) {
				t.Errorf("%s: %d features, counted as %+v", p.Name, len(all), s)
			}
			listed = append(listed, all...)
		}
	}
	var want []features.Name
	for _, f := range catalogue {
		want = append(want, f.Name)
	}
	slices.Sort(listed)
	slices.Sort(want)
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Error(diff)
	}
}

func TestWhatBecomesOfAFeature(t *testing.T) {
	r := Build(mesh(), "v0.1.0", run(), catalogue)
	want := map[features.Name]suite.Outcome{
		"SplitPasses": suite.Passed, "SplitFails": suite.Failed, "SplitExtra": suite.Passed,
		"SplitRefused": suite.Unsupported, "SplitBeside": suite.Skipped,
		"AccessPasses": suite.Passed, "AccessLeftOut": suite.Skipped, "MetricsLater": suite.Unsupported,
	}
	for _, f := range r.Features {
		if f.Result != want[f.Name] {
			t.Errorf("%s: %s, want %s", f.Name, f.Result, want[f.Name])
		}
	}
}

func TestVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		s    Statistics
		lvl  features.Level
		want Verdict
	}{
		"all passed":                          {Statistics{Passed: 3}, features.Core, Success},
		"one failed":                          {Statistics{Passed: 3, Failed: 1, Skipped: 1}, features.Core, Failing},
		"a skipped core feature":              {Statistics{Passed: 3, Skipped: 1}, features.Core, Partial},
		"an unsupported core feature":         {Statistics{Passed: 3, Unsupported: 1}, features.Core, Partial},
		"an unsupported extended feature":     {Statistics{Passed: 3, Unsupported: 1}, features.Extended, Success},
		"a skipped extended feature":          {Statistics{Passed: 3, Skipped: 1}, features.Extended, Partial},
		"nothing but unsupported, extended":   {Statistics{Unsupported: 4}, features.Extended, Partial},
		"nothing but unsupported, also core":  {Statistics{Unsupported: 4}, features.Core, Partial},
		"a failure beside unsupported things": {Statistics{Failed: 1, Unsupported: 4}, features.Extended, Failing},
	} {
		if got := verdict(c.s, c.lvl); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestARunThatNeverBeganIsNoSuccess(t *testing.T) {
	r := Build(mesh(), "v0.1.0", suite.Summary{Problem: "no nodes"}, catalogue)
	if r.Conforms() || !strings.Contains(r.Markdown(), "no nodes") {
		t.Errorf("conforms: %v", r.Conforms())
	}
	for _, p := range r.Profiles {
		for _, l := range []*Level{p.Core, p.Extended} {
			if l != nil && l.Result == Success {
				t.Errorf("%s is a success", p.Name)
			}
		}
	}
}

func TestTheWholeCatalogueIsReported(t *testing.T) {
	r := Build(mesh(), "v0.1.0", suite.Summary{}, features.All())
	if len(r.Features) != len(features.All()) {
		t.Errorf("%d features of %d", len(r.Features), len(features.All()))
	}
	for _, f := range r.Features {
		if f.Result != suite.Unsupported || f.Reason != noTest {
			t.Errorf("%s: %s, %q", f.Name, f.Result, f.Reason)
		}
	}
}

func TestFileNamesAreSafe(t *testing.T) {
	for project, want := range map[string]string{"weft": "weft", "Acme Mesh": "acme-mesh", "../etc": "etc", "": "report", "é": "report"} {
		if got := fileName(project); got != want {
			t.Errorf("%q: %q, want %q", project, got, want)
		}
	}
}

func golden(t *testing.T, path string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", filepath.Base(path))
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (go test -update rewrites it):\n%s", file, diff)
	}
}
