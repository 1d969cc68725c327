package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testProgress expects nothing to take long.
func testProgress(t *testing.T, out io.Writer) *progress {
	p := newProgress(context.Background(), out, nil)
	t.Cleanup(p.close)
	return p
}

// clock is a progress whose time the test tells.
type clock struct {
	*progress
	out bytes.Buffer
	at  time.Time
}

func newClock(t *testing.T, expected map[string]time.Duration) *clock {
	c := &clock{at: time.Unix(0, 0)}
	c.progress = newProgress(context.Background(), &c.out, expected)
	c.started, c.now = c.at, func() time.Time { return c.at }
	t.Cleanup(c.close)
	return c
}

// takes is a step that takes a time.
func (c *clock) takes(d time.Duration) func(*task) error {
	return func(*task) error { c.at = c.at.Add(d); return nil }
}

func TestTimeLeftFollowsThePaceOfThisMachine(t *testing.T) {
	expected := map[string]time.Duration{"short": time.Minute, "long": 5 * time.Minute}
	for name, c := range map[string]struct {
		short time.Duration
		want  string
	}{
		"as expected":         {short: time.Minute, want: "about 5 min left"},
		"three times as slow": {short: 3 * time.Minute, want: "about 12 min left"},
		"already there":       {short: 0, want: "about 2 min left"},
	} {
		clock := newClock(t, expected)
		if got, want := clock.left(), "about 6 min left"; got != want {
			t.Errorf("%s, before: %q, want %q", name, got, want)
		}
		if err := clock.do("short", "short", clock.takes(c.short)); err != nil {
			t.Fatal(err)
		}
		if got := clock.left(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if err := clock.do("long", "long", clock.takes(0)); err != nil {
			t.Fatal(err)
		}
		if got, want := clock.left(), "less than a minute left"; got != want {
			t.Errorf("%s, at the end: %q, want %q", name, got, want)
		}
	}
}

func TestProgressIsWholeLinesThatNameTheStep(t *testing.T) {
	c := newClock(t, map[string]time.Duration{"long": 4 * time.Minute})
	if err := c.do("quick", "quick", c.takes(0)); err != nil {
		t.Fatal(err)
	}
	_ = c.do("long", "the long one", func(task *task) error {
		task.packages, task.compiled, task.done["long"] = 100, 50, 0.5
		c.at = c.at.Add(2 * time.Minute)
		task.report()
		return nil
	})
	_ = c.do("bad", "the bad one", func(*task) error { return errors.New("failure") })
	want := "lab: building the long one; about 4 min left\n" +
		"lab: the long one: 50 of 100 packages; about 2 min left\n" +
		"lab: built the long one in 120.0 s (0.0 s of CPU)\n" +
		"lab: building the bad one failed\n"
	if got := c.out.String(); got != want {
		t.Errorf("it says\n%swant\n%s", got, want)
	}
}

func TestFailingCommandShowsWhatItSaid(t *testing.T) {
	p := testProgress(t, io.Discard)
	err := p.do("step", "step", func(task *task) error {
		return task.run(exec.Command("sh", "-c", "echo the reason; exit 3"))
	})
	if err == nil || !strings.Contains(err.Error(), "the reason") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("the error is %v", err)
	}
}

// A build that fails shows what the compiler said, not which packages it compiled before.
func TestGoBuildCountsPackagesAndShowsErrorsAlone(t *testing.T) {
	dir := t.TempDir()
	// The folder is another each time, so Go's cache has neither package.
	for name, content := range map[string]string{
		"go.mod":  "module example.com/m\n\ngo 1.24\n",
		"a/a.go":  fmt.Sprintf("package a\n\nconst Folder = %q\n", dir),
		"main.go": "package main\n\nimport _ \"example.com/m/a\"\n\nfunc main() { undefined() }\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := newClock(t, map[string]time.Duration{"m": time.Hour})
	var built task
	err := p.do("m", "m", func(task *task) error {
		err := task.goBuild(dir, []string{"."}, "-o", os.DevNull)
		built = *task
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "undefined: undefined") || strings.Contains(err.Error(), "example.com/m/a\n") {
		t.Errorf("the error is %v", err)
	}
	if built.compiled < 2 || built.compiled > built.packages {
		t.Errorf("%d of %d packages are compiled", built.compiled, built.packages)
	}
	if built.cpu == 0 {
		t.Error("the build took no CPU")
	}
}
