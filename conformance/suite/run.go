package suite

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"time"

	ginkgo "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/conformance/adapter"
	"github.com/weft-mesh/weft/conformance/features"
)

// Options say what to run, and against what.
type Options struct {
	Adapter adapter.Adapter
	// Kubeconfig is a file; empty is KUBECONFIG or the user's own.
	Kubeconfig string
	// Manifests has the YAML files of the tests.
	Manifests fs.FS
	// Profiles and Level select tests; empty is all. Level core leaves out what is extended.
	Profiles []features.Profile
	Level    features.Level
	// Run selects tests by name, LabelFilter by ginkgo's labels: profile, level and the names of features.
	Run         *regexp.Regexp
	LabelFilter string
	// Seed is what tests draw their chance from.
	Seed     int64
	FailFast bool
	// Keep leaves the base fixtures in the cluster.
	Keep bool
	// Output is where ginkgo tells how it goes; nil is standard output.
	Output io.Writer
}

// verdict is what a test is left out for.
func (o Options) verdict(t Test) (Outcome, string) {
	for _, name := range t.Features {
		if reason, skip := o.Adapter.Skip[string(name)]; skip {
			return Unsupported, fmt.Sprintf("the adapter leaves out %s: %s", name, reason)
		}
	}
	switch {
	case len(o.Profiles) > 0 && !slices.ContainsFunc(t.Profiles(), func(p features.Profile) bool { return slices.Contains(o.Profiles, p) }),
		o.Level == features.Core && t.Level() != features.Core,
		o.Run != nil && !o.Run.MatchString(t.Name):
		return Skipped, "not selected"
	}
	return "", ""
}

// runner is one run.
type runner struct {
	options Options
	cluster *cluster
	callers *callers
	ledgers *ledgers
	places  []place
	tests   []Test
	summary Summary
	figures map[string][]Figure
}

// Run runs the registered tests. It can be called once in a process, for ginkgo can.
func Run(t ginkgo.GinkgoTestingT, options Options) Summary {
	r := &runner{
		options: options, tests: Tests(), figures: map[string][]Figure{},
		summary: Summary{Started: time.Now(), Seed: options.Seed},
	}
	if err := r.connect(); err != nil {
		r.summary.Problem = err.Error()
		r.collect(types.Report{})
		t.Fail()
		return r.summary
	}
	gomega.RegisterFailHandler(ginkgo.Fail)
	r.places = places(options.Adapter, r.selected())
	r.ledgers.servers = servers(r.places)
	r.define()
	var report types.Report
	ginkgo.ReportAfterSuite("results", func(got types.Report) { report = got })
	suiteConfig, reporterConfig := ginkgo.GinkgoConfiguration()
	suiteConfig.RandomSeed = options.Seed
	suiteConfig.FailFast = options.FailFast
	suiteConfig.LabelFilter = options.LabelFilter
	suiteConfig.Timeout = 6 * time.Hour
	reporterConfig.NoColor = true
	reporterConfig.Verbose = true
	if options.Output != nil {
		ginkgo.GinkgoWriter.TeeTo(options.Output)
	}
	ginkgo.RunSpecs(t, "SMI conformance", suiteConfig, reporterConfig)
	r.collect(report)
	return r.summary
}

func (r *runner) connect() error {
	c, err := connect(r.options.Kubeconfig)
	if err != nil {
		return err
	}
	r.cluster, r.callers = c, &callers{sessions{cluster: c, command: "call"}}
	r.ledgers = &ledgers{sessions: sessions{cluster: c, command: "received"}}
	r.summary.Kubernetes, r.summary.Served, err = c.versions()
	return err
}

// selected lists the tests that are to run.
func (r *runner) selected() []Test {
	return slices.DeleteFunc(slices.Clone(r.tests), func(t Test) bool {
		outcome, _ := r.options.verdict(t)
		return outcome != ""
	})
}

// define gives ginkgo the selected tests.
func (r *runner) define() {
	ginkgo.BeforeSuite(func(ctx ginkgo.SpecContext) {
		if err := r.cluster.setUp(ctx, r.options.Adapter, r.places); err != nil {
			ginkgo.Fail("make the base fixtures: " + err.Error())
		}
	}, ginkgo.NodeTimeout(5*time.Minute))
	ginkgo.AfterSuite(func(ctx ginkgo.SpecContext) {
		r.callers.sessions.close()
		r.ledgers.sessions.close()
		if !r.options.Keep {
			if err := r.cluster.tearDown(ctx, r.places); err != nil {
				ginkgo.Fail("remove the base fixtures: " + err.Error())
			}
		}
	}, ginkgo.NodeTimeout(5*time.Minute))
	ginkgo.Describe("SMI", func() {
		for _, t := range r.selected() {
			ginkgo.It(t.Name, labels(t), func(ctx ginkgo.SpecContext) { r.run(ctx, t) })
		}
	})
}

func labels(t Test) ginkgo.Labels {
	all := ginkgo.Labels{string(t.Level())}
	for _, p := range t.Profiles() {
		all = append(all, string(p))
	}
	for _, name := range t.Features {
		all = append(all, string(name))
	}
	return all
}

// run runs one test.
func (r *runner) run(ctx context.Context, t Test) {
	manifest := ""
	if t.Manifests != "" {
		text, err := fs.ReadFile(r.options.Manifests, t.Manifests)
		if err != nil {
			ginkgo.Fail(err.Error())
		}
		manifest = string(text)
	}
	a := r.options.Adapter
	e := &Env{
		Main: namespaceMain, Other: namespaceOther, Outside: namespaceOutside,
		Client: r.cluster.dynamic, Seed: r.options.Seed, Confidence: a.Settings.Confidence, Ports: Ports{a.Ports},
		test: t.Name, manifest: manifest, convergence: a.Settings.Convergence.Duration, stable: a.Settings.Stable,
		objects: r.cluster, api: r.cluster, callers: r.callers, ledgers: r.ledgers, headersAreList: func(version string) (bool, error) { return r.cluster.headersAreList(ctx, version) },
		failed: func(message string) { ginkgo.Fail(message, 2) },
	}
	if t.OpenByDefault {
		e.Main = namespaceOpen
	}
	e.template = func(name string, restart corev1.RestartPolicy) (string, error) {
		i := slices.IndexFunc(r.places, func(p place) bool { return p.name == e.Main })
		return r.places[i].podTemplate(a, workload{Name: name, Version: name}, podOptions{"default", "further", restart})
	}
	ginkgo.DeferCleanup(func(ctx ginkgo.SpecContext) {
		r.figures[t.Name] = e.figures
		if err := e.cleanUp(ctx, t.OpenByDefault); err != nil {
			ginkgo.Fail(err.Error())
		}
	})
	ginkgo.By(t.Description)
	e.Apply(ctx, manifest)
	t.Run(ctx, e)
	for _, f := range e.figures {
		ginkgo.AddReportEntry(f.Name, f.Value)
	}
}

// collect makes the results of what ginkgo reports.
func (r *runner) collect(report types.Report) {
	specs := map[string]types.SpecReport{}
	for _, spec := range report.SpecReports {
		switch {
		case spec.LeafNodeType == types.NodeTypeIt:
			specs[spec.LeafNodeText] = spec
		case spec.Failed() && r.summary.Problem == "":
			r.summary.Problem = spec.Failure.Message
		}
	}
	if !report.SuiteSucceeded && r.summary.Problem == "" && len(specs) == 0 {
		r.summary.Problem = fmt.Sprintf("nothing ran: %v", report.SpecialSuiteFailureReasons)
	}
	for _, t := range r.tests {
		result := Result{Test: t.Name, Features: t.Features, Figures: r.figures[t.Name]}
		spec, ran := specs[t.Name]
		result.Outcome, result.Message = r.options.verdict(t)
		if result.Outcome == "" {
			result.Outcome, result.Message = outcome(spec, ran)
			result.Duration = spec.RunTime
		}
		r.summary.Results = append(r.summary.Results, result)
	}
}

func outcome(spec types.SpecReport, ran bool) (Outcome, string) {
	switch {
	case !ran || spec.State.Is(types.SpecStateSkipped|types.SpecStatePending|types.SpecStateInvalid):
		return Skipped, "did not run"
	case spec.State.Is(types.SpecStatePassed):
		return Passed, ""
	}
	return Failed, spec.Failure.Message
}

// Count counts the results by outcome.
func (s Summary) Count(o Outcome) int {
	n := 0
	for _, r := range s.Results {
		if r.Outcome == o {
			n++
		}
	}
	return n
}

// FeatureCount is how many features the tests that ran prove, and how many of those passed in all their tests.
func (s Summary) FeatureCount() (passed, all int) {
	good := map[features.Name]bool{}
	for _, r := range s.Results {
		if r.Outcome != Passed && r.Outcome != Failed {
			continue
		}
		for _, name := range r.Features {
			before, seen := good[name]
			good[name] = r.Outcome == Passed && (before || !seen)
		}
	}
	for v := range maps.Values(good) {
		if v {
			passed++
		}
	}
	return passed, len(good)
}
