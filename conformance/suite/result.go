package suite

import (
	"time"

	"github.com/weft-mesh/weft/conformance/features"
)

// Outcome is what became of a test.
type Outcome string

// The outcomes. A test is unsupported where the adapter skips one of its features, and skipped where it was not
// selected or the run ended before it.
const (
	Passed      Outcome = "passed"
	Failed      Outcome = "failed"
	Unsupported Outcome = "unsupported"
	Skipped     Outcome = "skipped"
)

// Figure is something that a test measured.
type Figure struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Result is what became of one test.
type Result struct {
	Test     string          `json:"test"`
	Features []features.Name `json:"features"`
	Outcome  Outcome         `json:"outcome"`
	// Message says why a test failed or did not run.
	Message  string        `json:"message,omitempty"`
	Figures  []Figure      `json:"figures,omitempty"`
	Duration time.Duration `json:"duration"`
}

// Summary is all that a run found out: what a report is made of.
type Summary struct {
	Started    time.Time `json:"started"`
	Seed       int64     `json:"seed"`
	Kubernetes string    `json:"kubernetes"`
	// Served are the versions of SMI's kinds that the API server serves, as "access.smi-spec.io/v1alpha3/TrafficTarget".
	Served []string `json:"served"`
	// Results are those of all registered tests, in the order of Tests.
	Results []Result `json:"results"`
	// Problem says why there are no results, where the fixtures could not be made.
	Problem string `json:"problem,omitempty"`
}
