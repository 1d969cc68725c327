package tutorial

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const page = "# A page\n\n```sh\nexport A=1\n```\n\n```console\n$ never\n```\n\n## Next `step` ##\n\n- in a list:\n\n   ```sh\n   B=\"$A\"2\n   mkdir -p sub && cd sub\n   ```\n\n" +
	"<!-- not run: it needs a browser -->\n\n```sh\nfalse\n```\n\n```sh\necho $B > file # ``` is no end\n```\n\n## For the eye\n\n````md\n```sh\nfalse\n```\n````\n\n```yaml\n# no heading\na: 1\n```\n\n## Last\n```sh title=\"x\"\ncat file; basename \"$PWD\"\n```\n"

func TestParse(t *testing.T) {
	got, err := parse("p.md", page)
	if err != nil {
		t.Fatal(err)
	}
	want := Page{Path: "p.md", Sections: []Section{
		{Title: "A page", Blocks: []Block{{Source: "p.md:3", Script: "export A=1\n"}}},
		{Title: "Next `step`", Blocks: []Block{
			{Source: "p.md:15", Script: "   B=\"$A\"2\n   mkdir -p sub && cd sub\n"},
			{Source: "p.md:26", Script: "echo $B > file # ``` is no end\n"},
		}},
		{Title: "Last", Blocks: []Block{{Source: "p.md:44", Script: "cat file; basename \"$PWD\"\n"}}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no commands":       "# Title\n\n```yaml\na: 1\n```\n",
		"an open block":     "# Title\n\n```sh\ntrue\n",
		"a block cut short": "````sh\ntrue\n```\n",
	} {
		if _, err := parse("p.md", text); err == nil || !strings.Contains(err.Error(), "p.md") {
			t.Errorf("%s: error %v does not name the page", name, err)
		}
	}
	if _, err := Read("testdata/nowhere.md"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a page that is missing: %v", err)
	}
}

func session(t *testing.T, env ...string) *Session {
	t.Helper()
	s, err := NewSession(env...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.folder); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the folder is left: %v", err)
		}
	})
	return s
}

func run(t *testing.T, s *Session, script string) string {
	t.Helper()
	out, err := s.Run(t.Context(), Block{Source: "p.md:1", Script: script})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestBlocksOfAPageShareVariablesAndFolder(t *testing.T) {
	parsed, err := parse("p.md", page)
	if err != nil {
		t.Fatal(err)
	}
	s := session(t)
	var said string
	for _, section := range parsed.Sections {
		if said, err = s.RunAll(t.Context(), section); err != nil {
			t.Fatal(err)
		}
	}
	if want := "12\nsub\n"; said != want {
		t.Errorf("the last section said %q, want %q", said, want)
	}
}

func TestSetOverridesThePage(t *testing.T) {
	s := session(t, "FROM=outside")
	run(t, s, "NAME=page KEEP=\"two  words\"; OTHER=\"$FROM\"\nNAME=page")
	if err := s.Set("NAME", `it's $HOME "x"`); err != nil {
		t.Fatal(err)
	}
	if got, want := run(t, s, `echo "$NAME, $OTHER"`), "it's $HOME \"x\", outside\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

func TestTheFirstFailureEndsABlock(t *testing.T) {
	for name, script := range map[string]string{
		"a command":                "echo before\nfalse\necho after",
		"the start of a pipe":      "echo before\nfalse | cat\necho after",
		"a variable without value": "echo before\necho $NOWHERE\necho after",
		"no shell at all":          "echo before\nif",
	} {
		out, err := session(t).Run(t.Context(), Block{Source: "p.md:7", Script: script})
		if err == nil || !strings.Contains(err.Error(), "p.md:7") || strings.Contains(out, "after") {
			t.Errorf("%s: said %q, error %v", name, out, err)
		}
	}
	_, err := session(t).Run(t.Context(), Block{Script: "true\nfalse"})
	if err == nil || !strings.Contains(err.Error(), "line 2 failed with 1: false") {
		t.Errorf("the error does not name the line: %v", err)
	}
}

func TestRunAllStopsAtTheFirstFailure(t *testing.T) {
	said, err := session(t).RunAll(t.Context(), Section{Blocks: []Block{{Script: "echo one"}, {Script: "false"}, {Script: "echo three"}}})
	if err == nil || !strings.HasPrefix(said, "one\n") || strings.Contains(said, "three") {
		t.Errorf("said %q, error %v", said, err)
	}
}

// A command that never ends is killed with all that it has started.
func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := session(t).Run(ctx, Block{Script: "sleep 1000 & sleep 1000"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
