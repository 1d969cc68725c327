package envoy

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/translators/envoy/envoytest"
)

// TestParsersReadWhatIsAllowed: what a policy allows, real parsers read as
// something that it allows.
func TestParsersReadWhatIsAllowed(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	var paths []string
	rules := map[string][]string{} // that allow a path
	judged := map[string]judgedPath{}
	for _, re := range envoytest.PathRules {
		if j := judgePath(re); !j.free {
			judged[re] = j
		}
	}
	for len(paths) < 2000 {
		p := envoytest.AnyPath(r)
		if rules[p] != nil {
			continue
		}
		for re, j := range judged {
			if j.allows(p) {
				rules[p] = append(rules[p], re)
			}
		}
		if rules[p] != nil {
			paths = append(paths, p)
		}
	}
	for name, read := range map[string]func(*testing.T, []string) [][]string{
		"Go": readByGo,
		"Python": func(t *testing.T, paths []string) [][]string {
			return readBy(t, paths, "python3", "testdata/parsers/paths.py")
		},
		"Node": func(t *testing.T, paths []string) [][]string {
			return readBy(t, paths, "node", "testdata/parsers/paths.js")
		},
	} {
		t.Run(name, func(t *testing.T) {
			differ := 0
			for i, readings := range read(t, paths) {
				for _, reading := range readings {
					if reading != paths[i] {
						differ++
					}
					for _, re := range rules[paths[i]] {
						if !means(re, reading) {
							t.Errorf("%q is allowed by %q, and read as %q", paths[i], re, reading)
						}
					}
				}
			}
			if differ < 1000 {
				t.Errorf("%d readings differ from what was sent: that shows little", differ)
			}
		})
	}
}

func readByGo(_ *testing.T, paths []string) (all [][]string) {
	clean := func(p string) string {
		c := path.Clean(p)
		if strings.HasSuffix(p, "/") && c != "/" {
			c += "/"
		}
		return c
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.NotFoundHandler())
	for _, p := range paths {
		var readings []string
		if u, err := url.ParseRequestURI(p); err == nil { // a server answers with 400 to others
			readings = append(readings, u.Path, u.EscapedPath(), clean(u.Path), clean(u.EscapedPath()), u.JoinPath().Path)
			if _, pattern := mux.Handler(&http.Request{Method: "GET", URL: u}); pattern != "/" {
				readings = append(readings, pattern)
			}
			if again, err := url.PathUnescape(u.Path); err == nil {
				readings = append(readings, again, clean(again))
			}
		}
		if u, err := url.Parse(p); err == nil {
			readings = append(readings, u.Path, (&url.URL{Scheme: "http", Host: "h", Path: "/x/y"}).ResolveReference(u).Path)
		}
		all = append(all, readings)
	}
	return all
}

// readBy asks a program, which answers with a line for each path.
func readBy(t *testing.T, paths []string, program, script string) (all [][]string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%v: its parsers were not asked", err)
	}
	cmd := exec.Command(program, script)
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		all = append(all, strings.Split(strings.TrimSuffix(string(line), "\n"), "\t"))
	}
	if len(all) != len(paths) {
		t.Fatalf("%s answered %d lines for %d paths", program, len(all), len(paths))
	}
	return all
}
