package envoy

import (
	"strings"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/model"
)

type predicate = xdsmatcherv3.Matcher_MatcherList_Predicate

func extension(name string, m proto.Message) *xdscorev3.TypedExtensionConfig {
	return &xdscorev3.TypedExtensionConfig{Name: name, TypedConfig: packed(m)}
}

// headerCondition is a header as Envoy knows it and the regex for all of its
// value. The Host of a request is a pseudo-header, and matches with a port and
// without: clients write it only where it is not the protocol's own.
func headerCondition(h model.HeaderMatch) (name, regex string) {
	if h.Name != "host" {
		return h.Name, h.Regex
	}
	if strings.Contains(h.Regex, `\Q`) { // which may swallow what follows
		return ":authority", h.Regex
	}
	return ":authority", "(?:" + h.Regex + ")(?::[0-9]+)?"
}

// methodRegex matches any of some methods, which are tokens without regex
// characters (RFC 9110, 5.6.2, as translators/smi lets them through).
func methodRegex(methods []string) string { return strings.Join(methods, "|") }

// requestPredicates are an SMI match as RBAC sees it, to be ANDed; none match
// all.
func requestPredicates(p judgedPath, m model.HTTPMatch) []*predicate {
	var ps []*predicate
	path := LevelPathHeader
	if p.free {
		path = PathHeader
	}
	switch {
	case p.any:
	case p.exact != "":
		ps = append(ps, headerPredicate(path, exactly(p.exact)))
	case p.prefix != "":
		ps = append(ps, headerPredicate(path, beginning(p.prefix)))
	default:
		ps = append(ps, headerPredicate(path, regexValue(p.regex)))
		if p.noSlashes {
			ps = append(ps, not(headerPredicate(path, containing("//"))))
		}
		if p.noEscapes {
			ps = append(ps, headerPredicate(path, regexValue(noEscapes)))
		}
	}
	if len(m.Methods) > 0 {
		ps = append(ps, headerPredicate(":method", regexValue(methodRegex(m.Methods))))
	}
	for _, h := range m.Headers {
		name, regex := headerCondition(h)
		ps = append(ps, headerPredicate(name, regexValue(regex)))
	}
	return ps
}

func not(p *predicate) *predicate {
	return &predicate{MatchType: &xdsmatcherv3.Matcher_MatcherList_Predicate_NotMatcher{NotMatcher: p}}
}

func beginning(s string) *xdsmatcherv3.StringMatcher {
	return &xdsmatcherv3.StringMatcher{MatchPattern: &xdsmatcherv3.StringMatcher_Prefix{Prefix: s}}
}

func regexValue(re string) *xdsmatcherv3.StringMatcher {
	return &xdsmatcherv3.StringMatcher{MatchPattern: &xdsmatcherv3.StringMatcher_SafeRegex{SafeRegex: &xdsmatcherv3.RegexMatcher{
		EngineType: &xdsmatcherv3.RegexMatcher_GoogleRe2{GoogleRe2: &xdsmatcherv3.RegexMatcher_GoogleRE2{}}, Regex: re,
	}}}
}

func headerPredicate(header string, value *xdsmatcherv3.StringMatcher) *predicate {
	return &predicate{MatchType: &xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate_{
		SinglePredicate: &xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate{
			Input:   extension("header", &matcherv3.HttpRequestHeaderMatchInput{HeaderName: header}),
			Matcher: &xdsmatcherv3.Matcher_MatcherList_Predicate_SinglePredicate_ValueMatch{ValueMatch: value},
		},
	}}
}

// and joins predicates, of which there is at least one. Envoy wants a list to
// have two.
func and(ps []*predicate) *predicate {
	if len(ps) == 1 {
		return ps[0]
	}
	list := &xdsmatcherv3.Matcher_MatcherList_Predicate_PredicateList{Predicate: ps}
	return &predicate{MatchType: &xdsmatcherv3.Matcher_MatcherList_Predicate_AndMatcher{AndMatcher: list}}
}

func action(m proto.Message) *xdsmatcherv3.Matcher_OnMatch {
	return &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Action{Action: extension("action", m)}}
}

func exactMap(input *xdscorev3.TypedExtensionConfig, m map[string]*xdsmatcherv3.Matcher_OnMatch) *xdsmatcherv3.Matcher {
	return &xdsmatcherv3.Matcher{MatcherType: &xdsmatcherv3.Matcher_MatcherTree_{MatcherTree: &xdsmatcherv3.Matcher_MatcherTree{
		Input: input,
		TreeType: &xdsmatcherv3.Matcher_MatcherTree_ExactMatchMap{
			ExactMatchMap: &xdsmatcherv3.Matcher_MatcherTree_MatchMap{Map: m},
		},
	}}}
}

func nested(m *xdsmatcherv3.Matcher) *xdsmatcherv3.Matcher_OnMatch {
	return &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Matcher{Matcher: m}}
}
