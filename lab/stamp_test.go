package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestStepIsDoneOnlyWhenNeeded(t *testing.T) {
	dir := t.TempDir()
	l := layout{Home: dir}
	output := filepath.Join(dir, "output")
	p := testProgress(t, io.Discard)
	run := func(key string, result error) (done bool, err error) {
		err = p.step("step", "step", newStamp(l, "step", key, []string{output}), func(*task) error {
			done = true
			if result == nil {
				return os.WriteFile(output, []byte(key), 0o600)
			}
			return result
		})
		return done, err
	}
	failure := errors.New("failure")
	for _, step := range []struct {
		name, key string
		before    func()
		result    error
		done      bool
	}{
		{name: "first time", key: "1", done: true},
		{name: "nothing changed", key: "1"},
		{name: "input changed, and the step fails", key: "2", result: failure, done: true},
		{name: "after a failure", key: "1", done: true},
		{name: "output lost", key: "1", before: func() { os.Remove(output) }, done: true},
		{name: "nothing changed again", key: "1"},
		{name: "another lab's output in its place", key: "1", before: func() {
			if err := os.WriteFile(output, []byte("another"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, done: true},
		{name: "nothing changed at last", key: "1"},
	} {
		if step.before != nil {
			step.before()
		}
		done, err := run(step.key, step.result)
		if done != step.done || !errors.Is(err, step.result) {
			t.Errorf("%s: done %t, error %v; want done %t, error %v", step.name, done, err, step.done, step.result)
		}
	}
}
