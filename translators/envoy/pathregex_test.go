package envoy

import (
	"regexp"
	"strings"
	"sync"
	"testing"
)

// holds evaluates a pattern as Envoy does: its regexes match all of a value.
func (p pathPattern) holds(path string) bool {
	switch {
	case p.any:
		return true
	case p.exact != "":
		return path == p.exact
	case p.prefix != "":
		return strings.HasPrefix(path, p.prefix)
	}
	return compiled(`\A(?:` + p.regex + `)\z`).MatchString(path)
}

// compiled remembers regexes that are asked often.
func compiled(re string) *regexp.Regexp {
	r, ok := regexes.Load(re)
	if !ok {
		r, _ = regexes.LoadOrStore(re, regexp.MustCompile(re))
	}
	return r.(*regexp.Regexp)
}

var regexes sync.Map

// means is what SMI says of a pathRegex: anchored at the start, not at the end.
func means(re, path string) bool {
	return compiled(`\A(?s:` + re + `)`).MatchString(path)
}

func TestPathRegexIsReduced(t *testing.T) {
	for _, c := range []struct {
		re   string
		want pathPattern
	}{
		{"", pathPattern{any: true}},
		{".*", pathPattern{any: true}},
		{"^", pathPattern{any: true}},
		{"^.*", pathPattern{any: true}},
		{"/", pathPattern{prefix: "/"}},
		{"/books", pathPattern{prefix: "/books"}},
		{"^/books", pathPattern{prefix: "/books"}},
		{"/books.*", pathPattern{prefix: "/books"}},
		{`/a\.b`, pathPattern{prefix: "/a.b"}},
		{"/books$", pathPattern{exact: "/books"}},
		{`^/books\z`, pathPattern{exact: "/books"}},
		{"(/books)", pathPattern{prefix: "/books"}},
		{"(/a)(/b)$", pathPattern{exact: "/a/b"}},
		{"/books(.*)$", pathPattern{prefix: "/books"}},
		{"/a|/b", pathPattern{regex: "(?s)(?:/a|/b).*"}},
		{"/a.b", pathPattern{regex: "(?s)(?:/a.b).*"}},
		{"(?i)/a", pathPattern{regex: "(?s)(?:(?i)/a).*"}},
		{"/a.+", pathPattern{regex: "(?s)(?:/a.+).*"}},
		{`/\xe9`, pathPattern{regex: `(?s)(?:/\xe9).*`}}, // one byte to Envoy, two in UTF-8
		{"^$", pathPattern{regex: "(?s)(?:^$).*"}},
	} {
		if got := parsePath(c.re); got != c.want {
			t.Errorf("%q: got %+v, want %+v", c.re, got, c.want)
		}
	}
}

// Trap 36: whatever form the regex takes in Envoy, it means the same.
func FuzzPathRegexMeansWhatSMISays(f *testing.F) {
	for _, re := range []string{
		"", "/", "/a|/b", "a|b", "^/a|b$", "/a$", "$", "^^/a$$", "/a/.*", "/a/.*$", "/[0-9]+", "(?i)/A", "/a(/b)?", "(/a)(/b)$", "/a{2,3}", `\Q/a.b\E`,
		`/a\b`, `(?m)^/a$`, "/a.*b", ".*", ".*/b", ".+", "(?U)/a.*", "x*", "(?:)", "/a(?:)$", "/a*?", "(|/a)", "/a(?i)b", "(?-s)/a.b",
	} {
		for _, path := range []string{"/", "/a", "/A", "/ab", "/b", "/a/b", "/a/b/c", "/aa", "/a.b", "/x", "a", "b", "/12"} {
			f.Add(re, path)
		}
	}
	f.Fuzz(func(t *testing.T, re, path string) {
		if _, err := regexp.Compile("(?s)(?:" + re + ").*"); err != nil {
			t.Skip() // translators/smi lets none through
		}
		if _, err := regexp.Compile(re); err != nil || !isVisible(path) || !isVisible(re) {
			t.Skip()
		}
		if got, want := parsePath(re).holds(path), means(re, path); got != want {
			t.Errorf("%q on %q: %+v gives %v, want %v", re, path, parsePath(re), got, want)
		}
	})
}
