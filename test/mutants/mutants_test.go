package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCatalogueIsUpToDate: every mistake can still be made, in the source as it
// is.
func TestCatalogueIsUpToDate(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range catalogue() {
		source, err := os.ReadFile(filepath.Join("..", "..", m.File))
		if err != nil {
			t.Error(err)
			continue
		}
		mutated, err := m.apply(string(source))
		if err != nil {
			t.Error(err)
		} else if mutated == string(source) {
			t.Errorf("mutant %s changes nothing", m.Name)
		}
		if _, err := regexp.Compile(m.Tests); err != nil || m.Tests == "" || m.Says == "" || !validName.MatchString(m.Name) || seen[m.Name] {
			t.Errorf("mutant %q: name %v, tests %q (%v), says %q", m.Name, seen[m.Name], m.Tests, err, m.Says)
		}
		seen[m.Name] = true
	}
}

func TestApplyWantsOnePlace(t *testing.T) {
	m := mutant{Name: "x", File: "f.go", Old: "a", New: "b"}
	if got, err := m.apply("xay"); got != "xby" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, source := range []string{"", "aa"} {
		if got, err := m.apply(source); err == nil {
			t.Errorf("%q was mutated to %q", source, got)
		}
	}
}

func TestReadVerdict(t *testing.T) {
	tests := map[string]struct {
		report string
		want   string
		err    string
	}{
		"passed":   {"features: [{result: passed}]", "", ""},
		"failed":   {"features: [{result: failed}]\nfailures: [{test: b}, {test: a}]", "a b", ""},
		"nothing":  {"features: [{result: skipped}]", "", "no test was run"},
		"no start": {"problem: no nodes", "", "no nodes"},
		"no YAML":  {":", "", "read the report"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v, err := readVerdict([]byte(test.report))
			if got := strings.Join(v.Failed, " "); got != test.want {
				t.Errorf("failed tests %q, want %q", got, test.want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

func TestTable(t *testing.T) {
	all := []caught{{mutant{Name: "a", Says: "does a"}, []string{"x", "y"}}, {mutant{Name: "b", Says: "does b"}, nil}}
	page, err := replaceTable("before\n"+tableBegin+"old\n"+tableEnd+"after\n", table(all))
	if err != nil {
		t.Fatal(err)
	}
	want := "before\n" + tableBegin + `
| mutant | what the wrong mesh does | caught by |
|---|---|---|
| ` + "`a` | does a | `x`, `y` |\n| `b` | does b | **none** |\n\n" + tableEnd + "after\n"
	if page != want {
		t.Errorf("got\n%s\nwant\n%s", page, want)
	}
	if _, err := replaceTable("no table", ""); err == nil {
		t.Error("a page without a place for the table was taken")
	}
}
