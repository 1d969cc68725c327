package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// reportEvery is how often a long step says how far it is.
const reportEvery = 20 * time.Second

// progress tells a person what is being built and how long it will take, in plain lines.
type progress struct {
	out   io.Writer
	ctx   context.Context
	close func()

	mu      sync.Mutex
	started time.Time
	now     func() time.Time
	// expected has, for each step that is known to be ahead, how long it takes two cores with nothing else to do.
	expected map[string]time.Duration
	// done has how much of each step is done, from 0 to 1.
	done map[string]float64
	// running has the steps that are under way, in the order in which they began.
	running []*task
}

// newProgress begins to tell. ctx ends what is under way.
func newProgress(ctx context.Context, out io.Writer, expected map[string]time.Duration) *progress {
	p := &progress{out: out, ctx: ctx, now: time.Now, started: time.Now(), expected: expected, done: map[string]float64{}}
	ended, ticker := make(chan struct{}), time.NewTicker(reportEvery)
	p.close = func() { ticker.Stop(); close(ended) }
	go func() {
		for {
			select {
			case <-ticker.C:
				p.report()
			case <-ended:
				return
			}
		}
	}()
	return p
}

// task is a step that is under way.
type task struct {
	*progress
	name, title string
	// packages are those that a build may compile, and compiled those that it has begun.
	packages, compiled int
	cpu                time.Duration
}

// step does the work unless its stamp is fresh. Its name is that in the expected times.
func (p *progress) step(name, title string, s stamp, work func(*task) error) error {
	if s.fresh() {
		return nil
	}
	// A step that fails half way must not look done.
	s.remove()
	if err := p.do(name, title, work); err != nil {
		return err
	}
	return s.write()
}

// do does the work, and says so if it takes any time.
func (p *progress) do(name, title string, work func(*task) error) error {
	t := &task{progress: p, name: name, title: title}
	begun := p.now()
	p.mu.Lock()
	p.running = append(p.running, t)
	if p.expected[name] > 0 {
		fmt.Fprintf(p.out, "lab: building %s; %s\n", title, p.left())
	}
	p.mu.Unlock()
	err := work(t)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[name] = 1
	for i := range p.running {
		if p.running[i] == t {
			p.running = append(p.running[:i:i], p.running[i+1:]...)
			break
		}
	}
	took := p.now().Sub(begun)
	if err != nil {
		fmt.Fprintf(p.out, "lab: building %s failed\n", title)
	} else if took >= time.Second || p.expected[name] > 0 {
		fmt.Fprintf(p.out, "lab: built %s in %.1f s (%.1f s of CPU)\n", title, took.Seconds(), t.cpu.Seconds())
	}
	return err
}

// report says how far the builds that are under way are.
func (p *progress) report() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.running {
		if t.packages > 0 {
			fmt.Fprintf(p.out, "lab: %s: %d of %d packages; %s\n", t.title, t.compiled, t.packages, p.left())
			return
		}
	}
}

// prior is for how long the expected times count for more than this machine's own.
const prior = 30 * time.Second

// left says how long the rest will take: as much longer than expected as what is done took, or shorter.
func (p *progress) left() string {
	var done, ahead time.Duration
	for name, all := range p.expected {
		part := time.Duration(p.done[name] * float64(all))
		done += part
		ahead += all - part
	}
	pace := float64(p.now().Sub(p.started)+prior) / float64(done+prior)
	left := time.Duration(float64(ahead) * pace)
	if left < time.Minute {
		return "less than a minute left"
	}
	return fmt.Sprintf("about %.0f min left", math.Ceil(left.Minutes()))
}

// run runs a command, and shows its output only if it fails.
func (t *task) run(cmd *exec.Cmd) error {
	var output bytes.Buffer
	return t.runInto(cmd, &output, output.String)
}

// runInto runs a command whose output goes to a writer, and counts its CPU. said is what to show of it at a failure.
func (t *task) runInto(cmd *exec.Cmd, to io.Writer, said func() string) error {
	cmd.Stdout, cmd.Stderr = to, to
	err := cmd.Run()
	if cmd.ProcessState != nil {
		t.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, lastLines(said(), 40))
	}
	return nil
}

// goBuild calls go build, and counts the packages that it compiles if the step is to take long.
func (t *task) goBuild(dir string, packages []string, args ...string) error {
	names := map[string]bool{}
	if t.expected[t.name] > 0 {
		var err error
		if names, err = t.goList(dir, packages); err != nil {
			return err
		}
	}
	var said bytes.Buffer
	lines := &lineWriter{each: func(line string) {
		if !names[line] {
			fmt.Fprintln(&said, line)
			return
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.compiled++
		// What is linked at the end says nothing.
		t.done[t.name] = 0.95 * float64(t.compiled) / float64(len(names))
	}}
	args = append(append([]string{"build"}, compilerFlags...), args...)
	if len(names) > 0 {
		args = append(args, "-v")
	}
	return t.runInto(goCommand(t.ctx, dir, append(args, packages...)...), lines, func() string {
		lines.end()
		return said.String()
	})
}

// goList names all packages that others are made of. It downloads their modules.
func (t *task) goList(dir string, packages []string) (map[string]bool, error) {
	var listed bytes.Buffer
	list := goCommand(t.ctx, dir, append([]string{"list", "-deps"}, packages...)...)
	if err := t.runInto(list, &listed, listed.String); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for name := range strings.Lines(listed.String()) {
		// What is downloaded is said in between.
		if name = strings.TrimSpace(name); !strings.Contains(name, " ") {
			names[name] = true
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.packages = len(names)
	return names, nil
}

// lineWriter hands on what is written line by line.
type lineWriter struct {
	each func(line string)
	rest []byte
}

func (w *lineWriter) Write(content []byte) (int, error) {
	w.rest = append(w.rest, content...)
	for {
		line, rest, found := bytes.Cut(w.rest, []byte("\n"))
		if !found {
			return len(content), nil
		}
		w.rest = rest
		w.each(string(line))
	}
}

// end hands on the last line, which nothing has ended.
func (w *lineWriter) end() {
	if len(w.rest) > 0 {
		w.each(string(w.rest))
		w.rest = nil
	}
}
