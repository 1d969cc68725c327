package envoy

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// mostJudged bounds a regex that is longer by what it is to refuse. One above it
// takes no escapes instead.
const mostJudged = 4096

// judgedPath is a pathRegex as a policy holds it against a path as it was sent:
// what it allows, it allows however the application reads it (docs/adr/0033).
// What its author wrote out, be it "%2F" or "//", is the author's own.
type judgedPath struct {
	pathPattern
	// head begins every path that is allowed; empty for no such thing.
	head string
	// free tells that there is nothing to be read in two ways: every path is
	// allowed, or this very one.
	free bool
	// noSlashes refuses "//", which some merge; noEscapes all that some decode, cut
	// off or take for a slash.
	noSlashes, noEscapes bool
}

// judgePath reads a pathRegex. A literal prefix stays what a path begins with in
// every reading but those of dot segments. In a regex, characters that are read
// in two ways are taken only where both match.
func judgePath(re string) judgedPath {
	parsed, err := syntax.Parse(re, syntax.Perl)
	if err != nil {
		return judgedPath{pathPattern: pathPattern{regex: openAtEnd(re)}} // refused by Validate
	}
	simple := parsed.Simplify()
	j := judgedPath{pathPattern: patternOf(re, simple)}
	j.head, _ = literalHead(simple)
	j.free = j.any || j.exact != "" || j.prefix == "/"
	if j.regex == "" {
		return j
	}
	var w judge
	s := w.write(parsed, true)
	j.noSlashes = s.twice
	if full := openAtEnd(s.text); w.words || len(full) > mostJudged {
		j.noEscapes = true
	} else {
		j.regex = full
	}
	return j
}

// judge writes a regex anew, so that what is read in two ways matches in both.
type judge struct {
	// words tells that a match depends on the character after it.
	words bool
	// repeats counts the counted repetitions around a part. In them escapes are left
	// out, which would make programs of any size.
	repeats int
}

// sense is a part of a regex that is written anew, and where slashes can be in
// what it matches.
type sense struct {
	text                string
	begins, ends        bool // with a slash
	twice, maybeNothing bool // two in a row; the empty text
}

// write writes a part; at the end nothing follows it but the rest of the path.
func (j *judge) write(r *syntax.Regexp, end bool) sense {
	switch r.Op {
	case syntax.OpLiteral:
		text := string(r.Rune)
		return sense{r.String(), strings.HasPrefix(text, "/"), strings.HasSuffix(text, "/"), strings.Contains(text, "//"), false}
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		c := classOf(r)
		return sense{c.plain(), c.has('/'), c.has('/'), false, false}
	case syntax.OpNoMatch:
		return sense{text: class{}.plain()}
	case syntax.OpCapture:
		return j.write(r.Sub[0], end)
	case syntax.OpConcat:
		return j.concat(flat(r), end)
	case syntax.OpAlternate:
		return j.alternate(r.Sub, end)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return j.repeat(r, end)
	case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		j.words = true
	}
	return sense{text: r.String(), maybeNothing: true}
}

func (j *judge) concat(parts []*syntax.Regexp, end bool) sense {
	all := sense{maybeNothing: true}
	for i, p := range parts {
		atEnd := end && !slices.ContainsFunc(parts[i+1:], func(p *syntax.Regexp) bool { return p.Op != syntax.OpEndText })
		s := j.write(p, atEnd)
		if atEnd && i > 0 && isSlash(parts[i-1]) && p.Op == syntax.OpPlus && classOf(p.Sub[0]).all() {
			s = sense{text: classOf(p.Sub[0]).without('/').one() + ".*"} // "/" is no item of "/items/.+"
		}
		all = all.then(s)
	}
	return all
}

func (s sense) then(next sense) sense {
	return sense{
		text:         s.text + next.text,
		begins:       s.begins || s.maybeNothing && next.begins,
		ends:         next.ends || next.maybeNothing && s.ends,
		twice:        s.twice || next.twice || s.ends && next.begins,
		maybeNothing: s.maybeNothing && next.maybeNothing,
	}
}

func (j *judge) alternate(parts []*syntax.Regexp, end bool) (all sense) {
	var texts []string
	for _, p := range parts {
		s := j.write(p, end)
		texts = append(texts, s.text)
		all.begins, all.ends = all.begins || s.begins, all.ends || s.ends
		all.twice, all.maybeNothing = all.twice || s.twice, all.maybeNothing || s.maybeNothing
	}
	all.text = "(?:" + strings.Join(texts, "|") + ")"
	return all
}

func (j *judge) repeat(r *syntax.Regexp, end bool) sense {
	sub := r.Sub[0]
	if isClass(sub) && (r.Op == syntax.OpStar || r.Op == syntax.OpPlus) {
		return j.loop(r, classOf(sub), end)
	}
	if r.Op == syntax.OpRepeat {
		j.repeats++
		defer func() { j.repeats-- }()
	}
	s := j.write(sub, end && r.Op == syntax.OpQuest)
	s.text = "(?:" + s.text + ")" + repetition(r)
	s.twice = s.twice || s.begins && s.ends && r.Op != syntax.OpQuest
	s.maybeNothing = s.maybeNothing || r.Op != syntax.OpPlus && r.Min == 0
	return s
}

// loop writes a class that is repeated without end.
func (j *judge) loop(r *syntax.Regexp, c class, end bool) sense {
	one := c.one()
	if j.repeats > 0 {
		one = c.plain()
	}
	switch slashes := c.has('/'); {
	case end && c.all() && r.Op == syntax.OpStar: // the rest of the path is free
		return sense{text: ".*", maybeNothing: true}
	case end && c.all():
		return sense{text: one + ".*", begins: true}
	default:
		return sense{one + repetition(r), slashes, slashes, slashes, r.Op == syntax.OpStar}
	}
}

// repetition is how often a part is repeated, as it is written behind it.
func repetition(r *syntax.Regexp) string {
	bare := *r
	bare.Flags &^= syntax.NonGreedy
	bare.Sub = []*syntax.Regexp{{Op: syntax.OpLiteral, Rune: []rune{'a'}}}
	return strings.TrimPrefix(bare.String(), "a")
}

// isSlash tells that what a part matches ends in a slash.
func isSlash(r *syntax.Regexp) bool {
	return r.Op == syntax.OpLiteral && strings.HasSuffix(string(r.Rune), "/")
}

func isClass(r *syntax.Regexp) bool {
	return r.Op == syntax.OpCharClass || r.Op == syntax.OpAnyChar || r.Op == syntax.OpAnyCharNotNL
}

// class is a class of characters, as pairs of the first and the last.
type class []rune

func classOf(r *syntax.Regexp) class {
	switch r.Op {
	case syntax.OpCharClass:
		return slices.Clone(r.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return class{0, unicode.MaxRune} // paths hold no line feeds
	default:
		return nil
	}
}

func (c class) has(r rune) bool {
	for i := 0; i+1 < len(c); i += 2 {
		if c[i] <= r && r <= c[i+1] {
			return true
		}
	}
	return false
}

func (c class) all() bool { return len(c) == 2 && c[0] == 0 && c[1] == unicode.MaxRune }

func (c class) without(rs ...rune) class {
	for _, r := range rs {
		var kept class
		for i := 0; i+1 < len(c); i += 2 {
			if c[i] < r {
				kept = append(kept, c[i], min(c[i+1], r-1))
			}
			if c[i+1] > r {
				kept = append(kept, max(c[i], r+1), c[i+1])
			}
		}
		c = kept
	}
	return c
}

// plain is the class without what some readings decode, cut off or take for a
// slash. Envoy's regexes match bytes: beyond ASCII it has all or nothing.
func (c class) plain() string {
	c = c.without('%', ';', '\\')
	if !c.has(0) || !c.hasOctet(0x80) {
		return "[" + c.ranges() + "]"
	}
	var others class
	for r := range rune(unicode.MaxASCII + 1) {
		if !c.has(r) {
			others = append(others, r, r)
		}
	}
	return "[^" + others.ranges() + "]"
}

// ranges are those of ASCII as they are written in a class, with something that
// no path has where there are none.
func (c class) ranges() string {
	var b strings.Builder
	for i := 0; i+1 < len(c) && c[i] <= unicode.MaxASCII; i += 2 {
		fmt.Fprintf(&b, `\x%02x-\x%02x`, c[i], min(c[i+1], unicode.MaxASCII))
	}
	if b.Len() == 0 {
		return `\x00`
	}
	return b.String()
}

// one is one character of a class that is repeated: a plain one, or an escaped
// one, where all that the escape is written with is of the class as well.
func (c class) one() string {
	octets := c.octets()
	if !c.has('%') || octets == "" {
		return c.plain()
	}
	if c.hasOctet(0x80) && !strings.ContainsFunc("0123456789abcdefABCDEF", func(r rune) bool { return !c.has(r) }) {
		octets += "|" + escapedUTF8
	}
	return "(?:" + c.plain() + "|%(?:" + octets + "))"
}

// escapedUTF8 is a character beyond ASCII after its first percent sign. Some drop
// octets that are none.
const escapedUTF8 = `[cCdD]` + hexDigit + furtherOctet + `|[eE](?:[0-9a-cefA-CEF]` + furtherOctet + `|[dD]%[89]` + hexDigit + `)` + furtherOctet +
	`|[fF](?:[0-3]` + furtherOctet + `|4%8` + hexDigit + `)` + furtherOctet + furtherOctet

const furtherOctet = `%[89abAB]` + hexDigit

// octets are those of ASCII that a class has, in all writings that it has, but for
// those that are more than a character to some: controls and "/\;?#%".
func (c class) octets() string {
	byLow := map[string]string{}
	var lows []string
	for high := range rune(8) {
		low := ""
		for l := range rune(16) {
			if o := high<<4 | l; c.hasOctet(o) {
				low += c.digit(l)
			}
		}
		if h := c.digit(high); low != "" && h != "" {
			if byLow[low] == "" {
				lows = append(lows, low)
			}
			byLow[low] += h
		}
	}
	var any []string
	for _, low := range lows {
		any = append(any, "["+byLow[low]+"]["+low+"]")
	}
	return strings.Join(any, "|")
}

func (c class) hasOctet(o rune) bool {
	switch {
	case o >= 0x80:
		last := len(c) - 1
		return last > 0 && c[last-1] <= 0x80 && c[last] == unicode.MaxRune
	case o < ' ', o == 0x7f, strings.ContainsRune(`/\;?#%`, o):
		return false
	default:
		return c.has(o)
	}
}

// digit is a hexadecimal digit in the writings that a class has.
func (c class) digit(n rune) (s string) {
	for _, digits := range []string{"0123456789abcdef", "ABCDEF"} {
		if i := int(n) - (16 - len(digits)); i >= 0 {
			if d := rune(digits[i]); c.has(d) {
				s += string(d)
			}
		}
	}
	return s
}
