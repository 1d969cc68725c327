package smi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weft-mesh/weft/translators/model"
)

const longestMatchName = 253

// The methods of the specification. CONNECT is among them; `*` means every one.
var methods = []string{"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}

// routeGroup reads an HTTPRouteGroup. A wrong match is left out: it matches
// nothing, and never all.
func routeGroup(root node) (*model.RouteGroup, []model.Diagnostic) {
	g := &model.RouteGroup{Key: root.key()}
	r := &report{object: g.Ref()}
	spec, ok := r.section(root.field("spec"))
	if !ok {
		return nil, r.diagnostics
	}
	list := spec.field("matches")
	entries, err := list.items()
	if err != nil {
		r.invalid(list, err)
		return nil, r.diagnostics
	}
	if len(entries) == 0 {
		r.refuse(list, model.ReasonInvalid, "there is no match, so no request belongs to the group; write at least one")
	}
	seen := map[string]bool{}
	for _, entry := range entries {
		m, err := namedMatch(r, entry)
		if err == nil && seen[m.Name] {
			err = fmt.Errorf("%s is the name of a match before; give each a name of its own", quote(m.Name))
		}
		if err != nil {
			r.refuse(entry, model.ReasonInvalid, "%v; this match is left out", err)
			continue
		}
		seen[m.Name] = true
		g.Matches = append(g.Matches, m)
	}
	return g, r.diagnostics
}

// namedMatch reads one match. Its parts narrow it, so one part that can't be
// read is the end of the whole match.
func namedMatch(r *report, entry node) (model.NamedMatch, error) {
	var m model.NamedMatch
	if _, ok := entry.value.(map[string]any); !ok {
		return m, fmt.Errorf("%s is not a match; write its name and what it matches", entry.shown())
	}
	var err error
	if m.Name, err = matchName(entry.field("name")); err != nil {
		return m, fmt.Errorf("name: %w", err)
	}
	if m.PathRegex, err = entry.field("pathRegex").text(); err != nil {
		return m, fmt.Errorf("pathRegex: %w", err)
	}
	if err = checkPathRegex(m.PathRegex); err != nil {
		return m, fmt.Errorf("pathRegex: %w", err)
	}
	if m.Methods, err = matchMethods(r, entry.field("methods")); err != nil {
		return m, fmt.Errorf("methods: %w", err)
	}
	if m.Headers, err = matchHeaders(entry.field("headers")); err != nil {
		return m, fmt.Errorf("headers: %w", err)
	}
	return m, nil
}

func matchName(n node) (string, error) {
	name, err := n.text()
	switch {
	case err != nil:
		return "", err
	case name == "":
		return "", fmt.Errorf("the match has no name; TrafficTargets need one to refer to it")
	case len(name) > longestMatchName:
		return "", fmt.Errorf("%s is longer than %d bytes; shorten it", quote(name), longestMatchName)
	case strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' || c == '/' }):
		return "", fmt.Errorf("%s has a character that a name can't have; use letters, digits, '-', '_' and '.'", quote(name))
	}
	return name, nil
}

// matchMethods reads the methods; none means every one. GET does not imply
// HEAD: the specification's examples list both.
func matchMethods(r *report, list node) ([]string, error) {
	entries, err := list.items()
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	var found []string
	all := false
	for _, entry := range entries {
		written, err := entry.text()
		method := strings.ToUpper(written)
		switch {
		case err != nil:
			r.invalid(entry, err)
		case method == "*":
			all = true
		case slices.Contains(methods, method):
			found = append(found, method)
		default:
			r.refuse(entry, model.ReasonUnsupportedValue, "%s is no method; write one of %s, or *", quote(written), strings.Join(methods, ", "))
		}
	}
	if all {
		return nil, nil
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("none of them is a method; write one of %s, or *", strings.Join(methods, ", "))
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}
