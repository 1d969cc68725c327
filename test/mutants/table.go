package main

import (
	"fmt"
	"os"
	"strings"
)

// The table stands between these two lines of docs/conformance.md.
const (
	tableBegin = "<!-- mutants: begin; written by make mutants -->\n"
	tableEnd   = "<!-- mutants: end -->\n"
)

// caught is a mutant and the tests that caught it.
type caught struct {
	mutant mutant
	tests  []string
}

func table(all []caught) string {
	var b strings.Builder
	b.WriteString("| mutant | what the wrong mesh does | caught by |\n|---|---|---|\n")
	for _, c := range all {
		tests := "**none**"
		if len(c.tests) > 0 {
			tests = "`" + strings.Join(c.tests, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.mutant.Name, c.mutant.Says, tests)
	}
	return b.String()
}

// replaceTable puts a table in the place of the one in a page.
func replaceTable(page, table string) (string, error) {
	before, rest, ok := strings.Cut(page, tableBegin)
	if !ok {
		return "", fmt.Errorf("there is no line %q", strings.TrimSpace(tableBegin))
	}
	_, after, ok := strings.Cut(rest, tableEnd)
	if !ok {
		return "", fmt.Errorf("there is no line %q", strings.TrimSpace(tableEnd))
	}
	return before + tableBegin + "\n" + table + "\n" + tableEnd + after, nil
}

func writeTable(path string, all []caught) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	text, err := replaceTable(string(page), table(all))
	if err != nil {
		return fmt.Errorf("write the table into %s: %w", path, err)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
