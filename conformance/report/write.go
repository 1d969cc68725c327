package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// Write writes PROJECT.yaml and PROJECT.md into a folder, and returns their paths.
func (r Report) Write(folder string) ([]string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	data, err := r.YAML()
	if err != nil {
		return nil, err
	}
	base := filepath.Join(folder, fileName(r.Implementation.Project))
	var paths []string
	for _, file := range []struct {
		path    string
		content []byte
	}{{base + ".yaml", data}, {base + ".md", []byte(r.Markdown())}} {
		if err := os.WriteFile(file.path, file.content, 0o644); err != nil {
			return nil, fmt.Errorf("report: %w", err)
		}
		paths = append(paths, file.path)
	}
	return paths, nil
}

// fileName makes a file's name of a project's.
func fileName(project string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(project))
	if safe = strings.Trim(safe, "-"); safe == "" {
		return "report"
	}
	return safe
}

// YAML is the report for machines.
func (r Report) YAML() ([]byte, error) {
	data, err := yaml.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("report of %s: %w", r.Implementation.Project, err)
	}
	return data, nil
}
