package smi

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
)

// Bounds of a regex. The program is what RE2 makes of it; Envoy's own bound,
// re2.max_program_size.error_level, has to be above it in every bootstrap.
const (
	LongestRegex    = 1024
	LargestProgram  = 4096
	mostRepetitions = 1000
	widestLatinRune = 0xff
)

// checkPathRegex accepts what Envoy accepts once it is anchored at the start
// only. Text that ends in an open quotation (`\Q`) is fine alone and broken
// inside a group; text like `a)(b` is the other way round.
func checkPathRegex(regex string) error {
	if regex == "" {
		return nil
	}
	if err := checkRegex(regex); err != nil {
		return err
	}
	if _, err := syntax.Parse("(?s)(?:"+regex+").*", syntax.Perl); err != nil {
		return fmt.Errorf("%s ends in an open quotation; close it with \\E", quote(regex))
	}
	return nil
}

// checkRegex accepts what is valid in Go's dialect of RE2 and in Envoy's alike.
// One that Envoy refused would cost others their configuration.
func checkRegex(regex string) error {
	if len(regex) > LongestRegex {
		return fmt.Errorf("%s is longer than %d bytes; shorten it, or use several matches", quote(regex), LongestRegex)
	}
	// Envoy matches bytes, not characters.
	if strings.ContainsFunc(regex, func(c rune) bool { return c > unicode.MaxASCII }) {
		return fmt.Errorf("%s has a character outside of ASCII; write it in percent-encoding", quote(regex))
	}
	tree, err := syntax.Parse(regex, syntax.Perl)
	if err != nil {
		return fmt.Errorf("%s is not a regex of RE2 (%s); mend it, RE2 has no lookaround and no backreference", quote(regex), cause(err))
	}
	if err := checkEscapes(regex); err != nil {
		return err
	}
	if repetitions(tree) > mostRepetitions {
		return fmt.Errorf("%s repeats more than %d times, all nested repetitions taken together; use smaller ones", quote(regex), mostRepetitions)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || programSize(program) > LargestProgram {
		return fmt.Errorf("%s makes too large a program; use fewer or smaller repetitions", quote(regex))
	}
	return nil
}

// cause is the error without the text of the regex.
func cause(err error) string {
	var parse *syntax.Error
	if errors.As(err, &parse) {
		return string(parse.Code)
	}
	return err.Error()
}

// repetitions is the largest product of nested counts. RE2 counts one for {0},
// where Go stops counting.
func repetitions(tree *syntax.Regexp) int {
	inner := 1
	for _, sub := range tree.Sub {
		inner = max(inner, repetitions(sub))
	}
	if tree.Op != syntax.OpRepeat {
		return inner
	}
	return min(inner*max(1, tree.Min, tree.Max), mostRepetitions+1)
}

// programSize counts as RE2 does for bytes: one for each range of a class.
func programSize(p *syntax.Prog) int {
	size := len(p.Inst)
	for i := range p.Inst {
		for j := 2; j < len(p.Inst[i].Rune) && p.Inst[i].Rune[j] <= widestLatinRune; j += 2 {
			size++
		}
	}
	return size
}

// checkEscapes refuses the escapes that Go reads and Envoy's RE2 does not:
// characters above one byte, and Unicode classes by their long names.
func checkEscapes(regex string) error {
	for i := 0; i+1 < len(regex); i++ {
		if regex[i] != '\\' {
			continue
		}
		i++
		switch regex[i] {
		case 'Q':
			end := strings.Index(regex[i:], `\E`)
			if end < 0 {
				return nil
			}
			i += end + 1
		case 'x':
			if wideEscape(regex[i+1:]) {
				return fmt.Errorf("%s has an escape above \\xff; write the character in percent-encoding", quote(regex))
			}
		case '4', '5', '6', '7':
			if wideOctal(regex[i:]) {
				return fmt.Errorf("%s has an escape above \\377; write the character in percent-encoding", quote(regex))
			}
		case 'p', 'P':
			if name := className(regex[i+1:]); !knownClass(name) {
				return fmt.Errorf("%s has the class %s, which RE2 does not know; use its short name, as in \\p{L}", quote(regex), quote(name))
			}
		}
	}
	return nil
}

func wideEscape(rest string) bool {
	inner, ok := braced(rest)
	if !ok {
		return false
	}
	value, err := strconv.ParseUint(inner, 16, 32)
	return err != nil || value > widestLatinRune
}

// wideOctal tells of three octal digits that exceed a byte.
func wideOctal(digits string) bool {
	octal := func(c byte) bool { return '0' <= c && c <= '7' }
	return len(digits) >= 3 && octal(digits[1]) && octal(digits[2])
}

func className(rest string) string {
	if inner, ok := braced(rest); ok {
		return strings.TrimPrefix(inner, "^")
	}
	return rest[:min(1, len(rest))]
}

func braced(rest string) (string, bool) {
	if !strings.HasPrefix(rest, "{") {
		return "", false
	}
	inner, _, ok := strings.Cut(rest[1:], "}")
	return inner, ok
}

// knownClass excludes what Go added to RE2's names.
func knownClass(name string) bool {
	if name == "Any" {
		return true
	}
	_, script := unicode.Scripts[name]
	_, category := unicode.Categories[name]
	return script || category && name != "Cn" && name != "LC"
}
