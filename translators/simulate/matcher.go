package simulate

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"sync"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	envoymatcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
)

// inputs gives the value of a data input; false where the call has none.
type inputs func(input proto.Message) (string, bool, error)

// match evaluates an xDS matcher. Where nothing matches it gives nil.
func match(m *xdsmatcherv3.Matcher, in inputs) (*xdscorev3.TypedExtensionConfig, error) {
	if m == nil {
		return nil, nil
	}
	var on *xdscorev3.TypedExtensionConfig
	var err error
	switch m.GetMatcherType().(type) {
	case *xdsmatcherv3.Matcher_MatcherTree_:
		on, err = matchTree(m.GetMatcherTree(), in)
	case *xdsmatcherv3.Matcher_MatcherList_:
		on, err = matchList(m.GetMatcherList(), in)
	}
	if on != nil || err != nil {
		return on, err
	}
	return onMatch(m.GetOnNoMatch(), in)
}

func onMatch(o *xdsmatcherv3.Matcher_OnMatch, in inputs) (*xdscorev3.TypedExtensionConfig, error) {
	if a := o.GetAction(); a != nil {
		return a, nil
	}
	return match(o.GetMatcher(), in)
}

func matchTree(t *xdsmatcherv3.Matcher_MatcherTree, in inputs) (*xdscorev3.TypedExtensionConfig, error) {
	value, ok, err := inputValue(t.GetInput(), in)
	if err != nil || !ok {
		return nil, err
	}
	if m := t.GetExactMatchMap(); m != nil {
		return onMatch(m.GetMap()[value], in)
	}
	if m := t.GetPrefixMatchMap(); m != nil {
		return matchPrefixes(m.GetMap(), value, in)
	}
	if c := t.GetCustomMatch(); c != nil {
		return matchTrie(c, value, in)
	}
	return nil, fmt.Errorf("matcher tree of an unknown kind: %T", t.GetTreeType())
}

// matchPrefixes tries the longest prefix first, and shorter ones where what is
// nested in it does not match.
func matchPrefixes(m map[string]*xdsmatcherv3.Matcher_OnMatch, value string, in inputs) (*xdscorev3.TypedExtensionConfig, error) {
	for end := len(value); end > 0; end-- {
		if on, err := onMatch(m[value[:end]], in); on != nil || err != nil {
			return on, err
		}
	}
	return nil, nil
}

// matchTrie evaluates the IP matcher: the longest prefix first.
func matchTrie(c *xdscorev3.TypedExtensionConfig, value string, in inputs) (*xdscorev3.TypedExtensionConfig, error) {
	m, err := c.GetTypedConfig().UnmarshalNew()
	if err != nil {
		return nil, fmt.Errorf("custom matcher: %w", err)
	}
	trie, ok := m.(*xdsmatcherv3.IPMatcher)
	if !ok {
		return nil, fmt.Errorf("custom matcher of an unknown kind: %T", m)
	}
	addr, err := netip.ParseAddr(value)
	if err != nil {
		return nil, fmt.Errorf("custom matcher: %w", err)
	}
	var best *xdsmatcherv3.Matcher_OnMatch
	longest := -1
	for _, r := range trie.GetRangeMatchers() {
		for _, cidr := range r.GetRanges() {
			bits := int(cidr.GetPrefixLen().GetValue())
			base, err := netip.ParseAddr(cidr.GetAddressPrefix())
			if err != nil {
				return nil, fmt.Errorf("custom matcher: %w", err)
			}
			if p, err := base.Prefix(bits); err == nil && p.Contains(addr) && bits > longest {
				best, longest = r.GetOnMatch(), bits
			}
		}
	}
	return onMatch(best, in)
}

func matchList(l *xdsmatcherv3.Matcher_MatcherList, in inputs) (*xdscorev3.TypedExtensionConfig, error) {
	for _, f := range l.GetMatchers() {
		holds, err := predicate(f.GetPredicate(), in)
		if err != nil {
			return nil, err
		}
		if !holds {
			continue
		}
		if on, err := onMatch(f.GetOnMatch(), in); on != nil || err != nil {
			return on, err
		}
	}
	return nil, nil
}

func predicate(p *xdsmatcherv3.Matcher_MatcherList_Predicate, in inputs) (bool, error) {
	switch {
	case p.GetSinglePredicate() != nil:
		return single(p.GetSinglePredicate(), in)
	case p.GetAndMatcher() != nil:
		return all(p.GetAndMatcher().GetPredicate(), in, true)
	case p.GetOrMatcher() != nil:
		return all(p.GetOrMatcher().GetPredicate(), in, false)
	case p.GetNotMatcher() != nil:
		holds, err := predicate(p.GetNotMatcher(), in)
		return !holds, err
	}
	return false, fmt.Errorf("predicate of an unknown kind: %T", p.GetMatchType())
}

// all evaluates an AND (every predicate is true) or an OR (some is).
func all(ps []*xdsmatcherv3.Matcher_MatcherList_Predicate, in inputs, and bool) (bool, error) {
	for _, p := range ps {
		if holds, err := predicate(p, in); err != nil || holds != and {
			return holds, err
		}
	}
	return and, nil
}

func single(s *xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate, in inputs) (bool, error) {
	value, ok, err := inputValue(s.GetInput(), in)
	if err != nil || !ok {
		return false, err
	}
	m := s.GetValueMatch()
	switch {
	case m == nil:
		return false, fmt.Errorf("predicate without a value to match")
	case m.GetSafeRegex() != nil:
		return fullMatch(m.GetSafeRegex().GetRegex(), value)
	case m.GetContains() != "" && !m.GetIgnoreCase():
		return strings.Contains(value, m.GetContains()), nil
	default:
		return stringMatch(m.GetExact(), m.GetPrefix(), m.GetSuffix(), value, m.GetIgnoreCase()), nil
	}
}

func inputValue(c *xdscorev3.TypedExtensionConfig, in inputs) (string, bool, error) {
	m, err := c.GetTypedConfig().UnmarshalNew()
	if err != nil {
		return "", false, fmt.Errorf("input %s: %w", c.GetName(), err)
	}
	return in(m)
}

// stringMatch evaluates a StringMatcher without a regex; the parts that are
// not set are empty.
func stringMatch(exact, prefix, suffix, value string, fold bool) bool {
	if fold {
		exact, prefix, suffix, value = strings.ToLower(exact), strings.ToLower(prefix), strings.ToLower(suffix), strings.ToLower(value)
	}
	switch {
	case prefix != "":
		return strings.HasPrefix(value, prefix)
	case suffix != "":
		return strings.HasSuffix(value, suffix)
	default:
		return value == exact
	}
}

func envoyStringMatch(m *envoymatcherv3.StringMatcher, value string) (bool, error) {
	if r := m.GetSafeRegex(); r != nil {
		return fullMatch(r.GetRegex(), value)
	}
	return stringMatch(m.GetExact(), m.GetPrefix(), m.GetSuffix(), value, m.GetIgnoreCase()), nil
}

// fullMatch is RE2's FullMatch, as Envoy's safe_regex is.
func fullMatch(re, value string) (bool, error) {
	r, known := compiled.Load(re)
	if !known {
		c, err := regexp.Compile(`\A(?:` + re + `)\z`)
		if err != nil {
			return false, fmt.Errorf("regex %q: %w", re, err)
		}
		r, _ = compiled.LoadOrStore(re, c)
	}
	return r.(*regexp.Regexp).MatchString(value), nil
}

// compiled are the regexes that were asked: the same few, for every request.
var compiled sync.Map
