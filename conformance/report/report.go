package report

import (
	"github.com/weft-mesh/weft/conformance/adapter"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

// Kind and APIVersion say what a file is, and in which format.
const (
	Kind       = "ConformanceReport"
	APIVersion = "smi-conformance/v1"
)

// Report is what a run proves of an implementation.
type Report struct {
	APIVersion     string                 `json:"apiVersion"`
	Kind           string                 `json:"kind"`
	Implementation adapter.Implementation `json:"implementation"`
	Versions       Versions               `json:"versions"`
	// Date is when the run began, as in "2024-05-01T12:00:00Z".
	Date string `json:"date"`
	// Seed is what the run drew its chances from.
	Seed int64 `json:"seed"`
	// Confidence is that of the run in its statistical verdicts.
	Confidence float64 `json:"confidence"`
	// Problem says why nothing was tested, if so.
	Problem  string    `json:"problem,omitempty"`
	Profiles []Profile `json:"profiles"`
	Features []Feature `json:"features"`
	// Failures are the tests that failed, with what they said.
	Failures []Failure `json:"failures,omitempty"`
}

// Versions are those of all that took part beside the implementation.
type Versions struct {
	Suite      string `json:"suite"`
	Kubernetes string `json:"kubernetes"`
	// Served are the kinds of SMI that the API server served, as "access.smi-spec.io/v1alpha3/TrafficTarget".
	Served []string `json:"served"`
}

// Verdict is that on one level of a profile.
type Verdict string

// The verdicts. Partial is what did not fail, but left something out.
const (
	Success Verdict = "success"
	Partial Verdict = "partial"
	Failing Verdict = "failure"
)

// Profile is one of the specification's four APIs. A level without features is left out.
type Profile struct {
	Name     features.Profile `json:"name"`
	Core     *Level           `json:"core,omitempty"`
	Extended *Level           `json:"extended,omitempty"`
}

// Level is how a profile did at one level.
type Level struct {
	Result      Verdict         `json:"result"`
	Statistics  Statistics      `json:"statistics"`
	Failed      []features.Name `json:"failed,omitempty"`
	Unsupported []features.Name `json:"unsupported,omitempty"`
	Skipped     []features.Name `json:"skipped,omitempty"`
	Passed      []features.Name `json:"passed,omitempty"`
}

// Statistics counts features.
type Statistics struct {
	Passed      int `json:"passed"`
	Failed      int `json:"failed"`
	Unsupported int `json:"unsupported"`
	Skipped     int `json:"skipped"`
}

// Feature is what became of one feature.
type Feature struct {
	features.Feature
	Result suite.Outcome `json:"result"`
	// Reason says why it is unsupported or skipped.
	Reason  string         `json:"reason,omitempty"`
	Tests   []string       `json:"tests,omitempty"`
	Figures []suite.Figure `json:"figures,omitempty"`
}

// Failure is a test that failed.
type Failure struct {
	Test    string `json:"test"`
	Message string `json:"message"`
}
