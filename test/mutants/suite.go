package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"

	"sigs.k8s.io/yaml"
)

// suite is the conformance suite, as a command.
type suite struct {
	binary string
	// adapter is for most tests, patient for those that wait until something is
	// counted.
	adapter, patient string
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

// patience is how long the suite may wait for what a wrong mesh never does. The
// right one has to do with it too, just after its controller has started.
const patience = "12s"

// countingPatience is the same for what is counted: by pods that have to start,
// and are read every few seconds.
const countingPatience = "40s"

var counting = regexp.MustCompile(`\bmetrics-`)

// impatient writes a copy of an adapter with less patience into a folder.
func impatient(adapter, folder, patience string) (string, error) {
	text, err := os.ReadFile(adapter)
	if err != nil {
		return "", fmt.Errorf("read the adapter: %w", err)
	}
	var fields object
	if err := yaml.Unmarshal(text, &fields); err != nil {
		return "", fmt.Errorf("read the adapter: %w", err)
	}
	settings, _ := fields["settings"].(object)
	if settings == nil {
		settings = object{}
	}
	settings["convergence"] = patience
	fields["settings"] = settings
	if text, err = yaml.Marshal(fields); err != nil {
		return "", fmt.Errorf("write the adapter: %w", err)
	}
	path := filepath.Join(folder, "adapter-"+patience+".yaml")
	return path, os.WriteFile(path, text, 0o600)
}

// judge runs the tests of a name against the mesh that runs, and leaves the
// fixtures for the next time.
func (s suite) judge(ctx context.Context, tests string) (verdict, error) {
	folder, err := os.MkdirTemp("", "mutants-report-")
	if err != nil {
		return verdict{}, fmt.Errorf("judge: %w", err)
	}
	defer os.RemoveAll(folder)
	adapter := s.adapter
	if counting.MatchString(tests) {
		adapter = s.patient
	}
	cmd := exec.CommandContext(ctx, s.binary, "run", "--adapter", adapter, "--run", tests, "--report", folder, "--keep")
	cmd.Stdout, cmd.Stderr = s.log, s.log
	err = cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		return verdict{}, fmt.Errorf("judge: %w", err)
	}
	files, globErr := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if globErr != nil || len(files) != 1 {
		return verdict{}, fmt.Errorf("judge: the suite wrote %d reports, not one; see %s", len(files), s.log.Name())
	}
	text, readErr := os.ReadFile(files[0])
	if readErr != nil {
		return verdict{}, fmt.Errorf("judge: %w", readErr)
	}
	v, readErr := readVerdict(text)
	if readErr == nil && (err == nil) != (len(v.Failed) == 0) {
		readErr = fmt.Errorf("judge: the suite's exit code is %d, and its report names %d failed tests; see %s", cmd.ProcessState.ExitCode(), len(v.Failed), s.log.Name())
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
