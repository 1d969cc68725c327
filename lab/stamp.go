package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// stamp remembers from which inputs a step was done, so that it is done again only when they change.
type stamp struct {
	file, key string
	outputs   []string
}

func newStamp(l layout, name, key string, outputs []string) stamp {
	return stamp{file: filepath.Join(l.stamps(), name), key: key, outputs: outputs}
}

func (s stamp) fresh() bool {
	content, err := os.ReadFile(s.file)
	if err != nil || string(content) != s.key {
		return false
	}
	for _, output := range s.outputs {
		if _, err := os.Stat(output); err != nil {
			return false
		}
	}
	return true
}

func (s stamp) write() error {
	if err := os.MkdirAll(filepath.Dir(s.file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.file, []byte(s.key), 0o644)
}

// progress tells a person what is being built and how long it took.
type progress struct{ out io.Writer }

// step does the work unless its stamp is fresh.
func (p *progress) step(title string, s stamp, work func() error) error {
	if s.fresh() {
		return nil
	}
	fmt.Fprintf(p.out, "lab: building %s ...", title)
	start := time.Now()
	// A step that fails half way must not look done.
	_ = os.Remove(s.file)
	if err := work(); err != nil {
		fmt.Fprintln(p.out, " failed")
		return err
	}
	fmt.Fprintf(p.out, " %.1f s\n", time.Since(start).Seconds())
	return s.write()
}
