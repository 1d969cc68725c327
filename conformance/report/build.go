package report

import (
	"slices"
	"time"

	"github.com/weft-mesh/weft/conformance/adapter"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

// noTest is the reason of a feature that the suite does not test yet.
const noTest = "not yet supported by the suite"

// Build judges a run. The catalogue is features.All, but in tests.
func Build(a adapter.Adapter, version string, run suite.Summary, catalogue []features.Feature) Report {
	r := Report{
		APIVersion:     APIVersion,
		Kind:           Kind,
		Implementation: a.Implementation,
		Versions:       Versions{Suite: version, Kubernetes: run.Kubernetes, Served: slices.Sorted(slices.Values(run.Served))},
		Date:           run.Started.UTC().Format(time.RFC3339),
		Seed:           run.Seed,
		Confidence:     a.Settings.Confidence,
		Problem:        run.Problem,
	}
	for _, f := range catalogue {
		r.Features = append(r.Features, judge(f, a.Skip[string(f.Name)], run.Results))
	}
	for _, name := range features.Profiles() {
		p := Profile{Name: name, Core: level(r.Features, name, features.Core), Extended: level(r.Features, name, features.Extended)}
		if p.Core != nil || p.Extended != nil {
			r.Profiles = append(r.Profiles, p)
		}
	}
	for _, result := range run.Results {
		if result.Outcome == suite.Failed {
			r.Failures = append(r.Failures, Failure{Test: result.Test, Message: result.Message})
		}
	}
	return r
}

// Conforms says that nothing failed. What was left out is for the verdicts to say.
func (r Report) Conforms() bool {
	return r.Problem == "" && len(r.Failures) == 0
}

// judge is the verdict on one feature: the worst that happened to one of its tests.
func judge(f features.Feature, skip string, results []suite.Result) Feature {
	out := Feature{Feature: f, Result: suite.Unsupported, Reason: noTest}
	for _, result := range results {
		if !slices.Contains(result.Features, f.Name) {
			continue
		}
		if len(out.Tests) == 0 || worse(result.Outcome, out.Result) {
			out.Result, out.Reason = result.Outcome, result.Message
		}
		out.Tests = append(out.Tests, result.Test)
		for _, figure := range result.Figures {
			figure.Name = result.Test + ": " + figure.Name
			out.Figures = append(out.Figures, figure)
		}
	}
	switch {
	case skip != "":
		out.Result, out.Reason = suite.Unsupported, skip
	case out.Result == suite.Passed || out.Result == suite.Failed:
		out.Reason = "" // a failure's message stands with the failures
	case out.Result == suite.Unsupported && len(out.Tests) > 0:
		// Another feature of the same test is not supported, so nothing is known of this one.
		out.Result = suite.Skipped
	}
	return out
}

// worse orders outcomes: one failure fails a feature, and one test that did not run leaves it unproved.
func worse(a, b suite.Outcome) bool {
	order := []suite.Outcome{suite.Passed, suite.Unsupported, suite.Skipped, suite.Failed}
	return slices.Index(order, a) > slices.Index(order, b)
}

// level sums up the features of one level of a profile; nil if there are none.
func level(all []Feature, profile features.Profile, lvl features.Level) *Level {
	var l Level
	for _, f := range all {
		if f.Profile != profile || f.Level != lvl {
			continue
		}
		switch f.Result {
		case suite.Passed:
			l.Passed = append(l.Passed, f.Name)
		case suite.Failed:
			l.Failed = append(l.Failed, f.Name)
		case suite.Unsupported:
			l.Unsupported = append(l.Unsupported, f.Name)
		default:
			l.Skipped = append(l.Skipped, f.Name)
		}
	}
	l.Statistics = Statistics{Passed: len(l.Passed), Failed: len(l.Failed), Unsupported: len(l.Unsupported), Skipped: len(l.Skipped)}
	l.Result = verdict(l.Statistics, lvl)
	if l.Statistics == (Statistics{}) {
		return nil
	}
	return &l
}

// verdict is a success only for what passed in full. An extended feature may be unsupported, as long as some are not; a
// core feature may not.
func verdict(s Statistics, lvl features.Level) Verdict {
	left := s.Skipped
	if lvl == features.Core || s.Passed == 0 {
		left += s.Unsupported
	}
	switch {
	case s.Failed > 0:
		return Failing
	case left > 0:
		return Partial
	}
	return Success
}
