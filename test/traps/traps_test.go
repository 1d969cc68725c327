package traps

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root = "../.."
	last = 69
)

var (
	row     = regexp.MustCompile(`(?m)^\| (\d+) \|.*\| ([^|]*) \|$`)
	quoted  = regexp.MustCompile("`([^`]+)`")
	link    = regexp.MustCompile(`\]\(limits\.md#([a-z0-9-]+)\)`)
	mention = regexp.MustCompile(`\b[Tt]rap (\d+)\b`)
)

// trap is a row of docs/traps.md: which tests hold it, and which sections of
// docs/limits.md speak of it.
type trap struct {
	tests    []string
	sections []string
}

// TestEveryTrapIsTested: each number is there once, with tests that exist and
// name it, or with a sentence in docs/limits.md that does.
func TestEveryTrapIsTested(t *testing.T) {
	traps := page(t)
	limits := text(t, "docs/limits.md")
	for n := 1; n <= last; n++ {
		tr, ok := traps[n]
		if !ok {
			t.Errorf("docs/traps.md has no row for trap %d", n)
			continue
		}
		for _, name := range tr.tests {
			if err := names(name, n); err != nil {
				t.Errorf("trap %d: %v", n, err)
			}
		}
		for _, s := range tr.sections {
			if !slices.ContainsFunc(strings.Split(limits, "\n"), func(line string) bool { return anchor(line) == s }) {
				t.Errorf("trap %d: docs/limits.md has no section %q", n, s)
			}
		}
		if len(tr.tests) == 0 && !slices.Contains(numbers(limits), n) {
			t.Errorf(`trap %d: no test holds it, and docs/limits.md does not say "trap %d"`, n, n)
		}
	}
	if len(traps) != last {
		t.Errorf("docs/traps.md has %d traps, want %d", len(traps), last)
	}
}

// TestNoTestNamesATrapInVain: a test that names a trap is on the page, so that
// the page is all of it.
func TestNoTestNamesATrapInVain(t *testing.T) {
	traps := page(t)
	for file, ns := range mentions(t) {
		for _, n := range ns {
			if !slices.ContainsFunc(traps[n].tests, func(name string) bool { return strings.HasPrefix(file, fileOf(name)) }) {
				t.Errorf("%s names trap %d, but its row in docs/traps.md does not name %s", file, n, file)
			}
		}
	}
}

func page(t *testing.T) map[int]trap {
	t.Helper()
	traps := map[int]trap{}
	for _, m := range row.FindAllStringSubmatch(text(t, "docs/traps.md"), -1) {
		n, _ := strconv.Atoi(m[1])
		if _, twice := traps[n]; twice {
			t.Errorf("docs/traps.md has trap %d twice", n)
		}
		var tr trap
		for _, q := range quoted.FindAllStringSubmatch(m[2], -1) {
			tr.tests = append(tr.tests, q[1])
		}
		for _, l := range link.FindAllStringSubmatch(m[2], -1) {
			tr.sections = append(tr.sections, l[1])
		}
		traps[n] = tr
	}
	return traps
}

// names tells whether a test exists and names a trap: "folder/of/a/golden/case",
// "folder/some_test.go: TestName" or "test/e2e/some_test.go: what the spec says".
func names(name string, n int) error {
	file, test, isGo := strings.Cut(name, ": ")
	if !isGo {
		body, err := golden(name)
		if err != nil {
			return err
		}
		if !slices.Contains(numbers(body), n) {
			return fmt.Errorf("case %s does not say \"# Trap %d: ...\"", name, n)
		}
		return nil
	}
	said, err := saidBy(filepath.Join(root, file), test)
	if err != nil {
		return err
	}
	if !slices.Contains(numbers(said), n) {
		return fmt.Errorf("%s, %s says \"// Trap %d: ...\" nowhere", file, test, n)
	}
	return nil
}

func golden(dir string) (string, error) {
	for _, file := range []string{"in.yaml", "pod.yaml"} {
		if b, err := os.ReadFile(filepath.Join(root, dir, file)); err == nil {
			return string(b), nil
		}
	}
	return "", fmt.Errorf("case %s does not exist", dir)
}

// saidBy is what the comments above and in a test function, or a ginkgo spec,
// say, and its texts: the names of its cases are among them.
func saidBy(file, test string) (string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
	if err != nil {
		return "", fmt.Errorf("parse %s: %w", file, err)
	}
	var found ast.Node
	ast.Inspect(f, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncDecl:
			if node.Name.Name == test {
				found = node
			}
		case *ast.CallExpr:
			if isSpec(node, test) {
				found = node
			}
		}
		return found == nil
	})
	if found == nil {
		return "", fmt.Errorf("%s has no test %q", file, test)
	}
	from, to := fset.Position(found.Pos()).Line, fset.Position(found.End()).Line
	var out strings.Builder
	for _, group := range f.Comments {
		end := fset.Position(group.End()).Line
		if end >= from-1 && end <= to {
			out.WriteString(group.Text())
		}
	}
	ast.Inspect(found, func(node ast.Node) bool {
		if lit, ok := node.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			out.WriteString(lit.Value + "\n")
		}
		return true
	})
	return out.String(), nil
}

// isSpec tells whether a call is It("what the spec says", ...).
func isSpec(call *ast.CallExpr, test string) bool {
	it, ok := call.Fun.(*ast.Ident)
	if !ok || it.Name != "It" || len(call.Args) == 0 {
		return false
	}
	lit, ok := call.Args[0].(*ast.BasicLit)
	if !ok {
		return false
	}
	said, err := strconv.Unquote(lit.Value)
	return err == nil && said == test
}

// mentions are the traps that tests and golden cases name, by file. The
// conformance suite and the lab are modules of their own.
func mentions(t *testing.T) map[string][]int {
	t.Helper()
	found := map[string][]int{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() && (name == "conformance" || name == "lab" || name == filepath.Join("test", "traps") || strings.HasPrefix(d.Name(), ".git")) {
			return fs.SkipDir
		}
		isCase := filepath.Base(filepath.Dir(filepath.Dir(path))) == "testdata" && (d.Name() == "in.yaml" || d.Name() == "pod.yaml")
		if isCase || strings.HasSuffix(name, "_test.go") {
			ns := numbers(text(t, name))
			slices.Sort(ns)
			found[filepath.ToSlash(name)] = slices.Compact(ns)
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%d files with tests: %v", len(found), err)
	}
	return found
}

func fileOf(name string) string {
	file, _, isGo := strings.Cut(name, ": ")
	if !isGo {
		return file + "/"
	}
	return file
}

func numbers(s string) (ns []int) {
	for _, m := range mention.FindAllStringSubmatch(s, -1) {
		n, _ := strconv.Atoi(m[1])
		ns = append(ns, n)
	}
	return ns
}

// anchor is what a Markdown heading is linked by; empty for other lines.
func anchor(line string) string {
	title, ok := strings.CutPrefix(line, "## ")
	if !ok {
		return ""
	}
	return strings.ReplaceAll(strings.ToLower(title), " ", "-")
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
