package envoy

import (
	"regexp/syntax"
	"strings"
)

// pathPattern is an SMI pathRegex in the cheapest form that means the same. It
// is anchored at its start only (specs v1alpha4), and sees no query.
type pathPattern struct {
	any           bool
	exact, prefix string
	regex         string
}

// parsePath reads a pathRegex. Literals become prefixes and, where the author
// closed them with $, exact matches; the rest stays a regex.
func parsePath(re string) pathPattern {
	parsed, err := syntax.Parse(re, syntax.Perl)
	if err != nil {
		return pathPattern{regex: openAtEnd(re)} // refused by Validate
	}
	return patternOf(re, parsed.Simplify())
}

// openAtEnd is a regex for all of a path that is anchored at its start only.
func openAtEnd(re string) string { return "(?s)(?:" + re + ").*" }

func patternOf(re string, parsed *syntax.Regexp) pathPattern {
	parts, closed := flat(parsed), false
	if len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		parts = parts[1:]
	}
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		closed, parts = true, parts[:n-1]
	}
	if n := len(parts); n > 0 && isAnything(parts[n-1]) { // what follows is free anyway
		closed, parts = false, parts[:n-1]
	}
	literal, ok := literalOf(parts)
	switch {
	case !ok, closed && literal == "":
		return pathPattern{regex: openAtEnd(re)}
	case closed:
		return pathPattern{exact: literal}
	case literal == "":
		return pathPattern{any: true}
	default:
		return pathPattern{prefix: literal}
	}
}

// flat is what a regex is a concatenation of, without groups, which mean nothing
// here.
func flat(r *syntax.Regexp) (parts []*syntax.Regexp) {
	switch r.Op {
	case syntax.OpCapture:
		return flat(r.Sub[0])
	case syntax.OpConcat:
		for _, sub := range r.Sub {
			parts = append(parts, flat(sub)...)
		}
		return parts
	case syntax.OpEmptyMatch:
		return nil
	default:
		return []*syntax.Regexp{r}
	}
}

// isAnything recognises ".*". Paths hold no line feeds.
func isAnything(r *syntax.Regexp) bool {
	return r.Op == syntax.OpStar && (r.Sub[0].Op == syntax.OpAnyCharNotNL || r.Sub[0].Op == syntax.OpAnyChar)
}

// literalOf joins literals. Envoy's regexes match bytes, its exact matches
// UTF-8; they agree on ASCII.
func literalOf(parts []*syntax.Regexp) (string, bool) {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.Op == syntax.OpLiteral && p.Flags&syntax.FoldCase == 0 && isVisible(string(p.Rune)):
			b.WriteString(string(p.Rune))
		case p.Op == syntax.OpEmptyMatch:
		default:
			return "", false
		}
	}
	return b.String(), true
}

// literalHead is what every path begins with that a regex takes, and whether that
// is all of it; empty for nothing in particular.
func literalHead(r *syntax.Regexp) (head string, whole bool) {
	switch r.Op {
	case syntax.OpBeginText, syntax.OpEmptyMatch:
		return "", true
	case syntax.OpCapture:
		return literalHead(r.Sub[0])
	case syntax.OpConcat:
		for _, part := range r.Sub {
			more, whole := literalHead(part)
			if head += more; !whole {
				return head, false
			}
		}
		return head, true
	case syntax.OpLiteral:
		return literalOf([]*syntax.Regexp{r})
	default:
		return "", false
	}
}
