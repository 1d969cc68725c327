package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	if err != nil {
		return false
	}
	state, err := s.state()
	return err == nil && string(content) == state
}

// state is the key, and what tells the outputs from any that something else has put in their places: a lab of another
// checkout, with other pins, builds in the same folder.
func (s stamp) state() (string, error) {
	var state strings.Builder
	fmt.Fprintln(&state, s.key)
	for _, output := range s.outputs {
		info, err := os.Lstat(output)
		if err != nil {
			return "", err
		}
		switch {
		case info.Mode().IsRegular():
			fmt.Fprintln(&state, output, info.Size(), info.ModTime().UnixNano())
		case info.Mode()&os.ModeSymlink != 0:
			target, err := os.Readlink(output)
			if err != nil {
				return "", err
			}
			fmt.Fprintln(&state, output, target)
		default:
			fmt.Fprintln(&state, output)
		}
	}
	return state.String(), nil
}

// remove makes the step look not done.
func (s stamp) remove() { _ = os.Remove(s.file) }

func (s stamp) write() error {
	state, err := s.state()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(s.file, []byte(state), 0o644)
}
