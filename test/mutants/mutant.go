package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// mutant is weft with one mistake.
type mutant struct {
	// Name is what the mistake is called.
	Name string
	// Says what the wrong mesh does.
	Says string
	// File is the source that is changed, below the root; Old stands in it once,
	// and becomes New.
	File, Old, New string
	// Tests is a regular expression of the conformance tests that are run.
	Tests string
}

var validName = regexp.MustCompile(`^[a-z0-9-]+$`)

// apply gives the mutated source. It fails where the source has moved on.
func (m mutant) apply(source string) (string, error) {
	if n := strings.Count(source, m.Old); n != 1 {
		return "", fmt.Errorf("mutant %s: its old text stands %d times in %s, not once; bring test/mutants up to date", m.Name, n, m.File)
	}
	return strings.Replace(source, m.Old, m.New, 1), nil
}

// overlay writes the mutated source and what `go build -overlay` is to read into
// a folder, and returns the path of the latter.
func (m mutant) overlay(root, folder string) (string, error) {
	path := filepath.Join(root, m.File)
	source, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("mutant %s: %w", m.Name, err)
	}
	mutated, err := m.apply(string(source))
	if err != nil {
		return "", err
	}
	replacement := filepath.Join(folder, m.Name+".go")
	if err := os.WriteFile(replacement, []byte(mutated), 0o600); err != nil {
		return "", fmt.Errorf("mutant %s: %w", m.Name, err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: replacement}})
	if err != nil {
		return "", fmt.Errorf("mutant %s: %w", m.Name, err)
	}
	overlay := filepath.Join(folder, m.Name+".json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}
