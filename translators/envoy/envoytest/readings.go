package envoytest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostReadings bounds what is made of a path that was written to have many.
const mostReadings = 2000

// Readings are what applications may take a path for, the path itself among
// them: all that the habits of their parsers make of it, one after the other, in
// any order and as often as it changes something. Odd ones are asked for: code
// pages and compatibility forms that make "/" of "／", and "+" for a blank.
func Readings(path string, odd bool) []string {
	habits := habits
	if odd {
		habits = append(slices.Clip(habits), lookalikes.Replace, func(p string) string { return strings.ReplaceAll(p, "+", " ") })
	}
	known := map[string]bool{path: true}
	all := []string{path}
	for i := 0; i < len(all) && len(all) < mostReadings; i++ {
		for _, habit := range habits {
			if r := habit(all[i]); !known[r] {
				known[r] = true
				all = append(all, r)
			}
		}
	}
	return all
}

// habits are single steps of parsers. None makes a path longer, so that readings
// come to an end.
var habits = []func(string) string{
	// RFC 3986, 6.2.2.2: what need not be escaped is not.
	func(p string) string { return unescape(p, isUnreserved) },
	// Go's url.URL.Path, Python's unquote, Node's decodeURIComponent; twice where
	// two of them do.
	func(p string) string { return unescape(p, func(byte) bool { return true }) },
	// Tomcat with encodedSolidusHandling=passthrough, nginx' proxies, Envoy.
	func(p string) string { return unescape(p, func(b byte) bool { return b != '/' && b != '\\' }) },
	// nginx' merge_slashes, Tomcat, Go's ServeMux.
	func(p string) string { return slashes.ReplaceAllString(p, "/") },
	// WHATWG URLs, Windows.
	func(p string) string { return strings.ReplaceAll(p, `\`, "/") },
	// WHATWG URLs and RFC 3986, 5.2.2, with the path as a relative reference.
	func(p string) string { return authority.ReplaceAllString(p, "/") },
	// Tomcat, Jetty, Spring: parameters of each segment, before dot segments.
	func(p string) string { return parameters.ReplaceAllString(p, "") },
	// PHP, old CGI: parameters to the end.
	func(p string) string { return before(p, ";") },
	// What is decoded before it is taken apart.
	func(p string) string { return before(p, "?") },
	func(p string) string { return before(p, "#") },
	func(p string) string { return before(p, "\x00") },
	// WHATWG URLs drop tabs and line feeds, others all controls.
	func(p string) string {
		return strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, p)
	},
	// Decoders that ignore errors.
	func(p string) string { return strings.ToValidUTF8(p, "") },
	func(p string) string { return overlong.Replace(p) },
	// IIS, ECMAScript's unescape.
	func(p string) string {
		return wide.ReplaceAllStringFunc(p, func(s string) string {
			n, err := strconv.ParseUint(s[2:], 16, 16)
			if err != nil || !utf8.ValidRune(rune(n)) {
				return s
			}
			return string(rune(n))
		})
	},
	// Blanks around the dots of a segment are dropped where a file is looked for.
	func(p string) string { return blanks.ReplaceAllString(p, "$1$2") },
	resolve,
	func(p string) string { return dots.ReplaceAllString(p, "/../") },
}

var (
	slashes    = regexp.MustCompile(`/{2,}`)
	authority  = regexp.MustCompile(`^//[^/]*/?`)
	parameters = regexp.MustCompile(`;[^/]*`)
	wide       = regexp.MustCompile(`%u[0-9a-fA-F]{4}`)
	blanks     = regexp.MustCompile(`(^|/)[ \t]*(\.+)[ \t]*(?:/|$)`)
	dots       = regexp.MustCompile(`/\.{3,}(?:/|$)`)
	overlong   = strings.NewReplacer("\xc0\xae", ".", "\xc0\xaf", "/", "\xc1\x9c", `\`, "\xe0\x80\xae", ".", "\xe0\x80\xaf", "/", "\xf0\x80\x80\xae", ".")
	lookalikes = strings.NewReplacer("․", ".", "‥", "..", "…", "...", "．", ".", "﹒", ".", "︰", "..", "︙", "...",
		"／", "/", "∕", "/", "⁄", "/", "＼", `\`, "﹨", `\`, "∖", `\`, "¥", `\`, "；", ";", "﹔", ";", "％", "%", "﹪", "%", "？", "?", "＃", "#")
)

func before(p, end string) string {
	p, _, _ = strings.Cut(p, end)
	return p
}

func isUnreserved(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("-._~", b) >= 0
}

// unescape decodes those escapes that are meant, and leaves what is none.
func unescape(p string, meant func(byte) bool) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] == '%' && i+2 < len(p) {
			if n, err := strconv.ParseUint(p[i+1:i+3], 16, 8); err == nil && meant(byte(n)) {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(p[i])
	}
	return b.String()
}

// resolve is RFC 3986, 5.2.4: dot segments are resolved, empty ones kept.
func resolve(p string) string {
	var out []string
	segments := strings.Split(p, "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case s != "." && s != "..":
			out = append(out, s)
			continue
		case s == ".." && len(out) > 1:
			out = out[:len(out)-1]
		}
		if last {
			out = append(out, "")
		}
	}
	return strings.Join(out, "/")
}
