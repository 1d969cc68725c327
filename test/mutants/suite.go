package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"
)

// suite is the conformance suite, as a command.
type suite struct {
	binary, adapter string
	// log is where its output goes.
	log *os.File
}

// verdict is what the suite says of a mesh.
type verdict struct {
	// Failed are the tests that failed, sorted; Tested tells that any ran.
	Failed []string
	Tested bool
}

// report is as much of the suite's report as is needed.
type report struct {
	Problem  string
	Features []struct{ Result string }
	Failures []struct{ Test string }
}

// judge runs the tests of a name against the mesh that runs. keep leaves the
// fixtures for the next time.
func (s suite) judge(ctx context.Context, tests string) (verdict, error) {
	folder, err := os.MkdirTemp("", "mutants-report-")
	if err != nil {
		return verdict{}, fmt.Errorf("judge: %w", err)
	}
	defer os.RemoveAll(folder)
	cmd := exec.CommandContext(ctx, s.binary, "run", "--adapter", s.adapter, "--run", tests, "--report", folder, "--keep")
	cmd.Stdout, cmd.Stderr = s.log, s.log
	err = cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return verdict{}, fmt.Errorf("judge: %w", err)
	}
	files, globErr := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if globErr != nil || len(files) != 1 {
		return verdict{}, fmt.Errorf("judge: the suite wrote %d reports, not one (%v); see %s", len(files), err, s.log.Name())
	}
	text, readErr := os.ReadFile(files[0])
	if readErr != nil {
		return verdict{}, fmt.Errorf("judge: %w", readErr)
	}
	v, readErr := readVerdict(text)
	if readErr == nil && (err == nil) != (len(v.Failed) == 0) {
		readErr = fmt.Errorf("judge: the suite ended with %v, and its report names %d failed tests", err, len(v.Failed))
	}
	return v, readErr
}

// readVerdict reads a report. One that says that nothing was tested is an error:
// a suite that can't start has caught nothing.
func readVerdict(text []byte) (verdict, error) {
	var r report
	if err := yaml.Unmarshal(text, &r); err != nil {
		return verdict{}, fmt.Errorf("read the report: %w", err)
	}
	if r.Problem != "" {
		return verdict{}, fmt.Errorf("the suite could not start: %s", r.Problem)
	}
	var v verdict
	for _, f := range r.Features {
		v.Tested = v.Tested || f.Result == "passed" || f.Result == "failed"
	}
	for _, f := range r.Failures {
		v.Failed = append(v.Failed, f.Test)
	}
	slices.Sort(v.Failed)
	if !v.Tested {
		return verdict{}, errors.New("no test was run; does the expression select any?")
	}
	return v, nil
}
