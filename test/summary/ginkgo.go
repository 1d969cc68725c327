package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/onsi/ginkgo/v2/types"
)

func readReportFile(path string) (tally, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return tally{}, fmt.Errorf("the suite left no report: %w", err)
	}
	return readReport(content)
}

// readReport counts the specs of ginkgo's JSON report. A failed set-up or clean-up counts as a failed test.
func readReport(content []byte) (tally, error) {
	var reports []types.Report
	if err := json.Unmarshal(content, &reports); err != nil {
		return tally{}, fmt.Errorf("decode the report: %w", err)
	}
	var t tally
	for _, report := range reports {
		for _, spec := range report.SpecReports {
			count(&t, spec)
		}
		if !report.SuiteSucceeded && len(t.failed) == 0 {
			t.fail(report.SuiteDescription)
		}
	}
	return t, nil
}

func count(t *tally, spec types.SpecReport) {
	name := spec.FullText()
	if name == "" {
		name = spec.LeafNodeType.String()
	}
	switch {
	case spec.State.Is(types.SpecStateFailureStates):
		t.fail(name)
	case spec.LeafNodeType != types.NodeTypeIt:
	case spec.State == types.SpecStatePassed:
		t.passed++
	case spec.Failure.Message != "":
		t.skip(name + " (" + spec.Failure.Message + ")")
	default:
		t.skip(name)
	}
}
