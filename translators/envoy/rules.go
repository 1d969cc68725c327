package envoy

import (
	"strings"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"github.com/weft-mesh/weft/translators/model"
)

type fieldMatcher = xdsmatcherv3.Matcher_MatcherList_FieldMatcher

const (
	// fewRules are tried one after the other, which is as fast as a map.
	fewRules = 8
	// regexGroup is how many regexes are asked about by one question.
	regexGroup = 32
	// mostGuard bounds the length of that question, and so what Envoy compiles.
	mostGuard = 4096
)

// rule is one match of an HTTPRouteGroup for one caller.
type rule struct {
	path  judgedPath
	field *fieldMatcher
	// alone tells that the path decides by itself, everything that nothing does.
	alone, everything bool
}

func newRule(r model.AllowedRoute) rule {
	path := judgePath(r.Match.PathRegex)
	ps := requestPredicates(path, r.Match)
	if len(ps) == 0 {
		return rule{path: path, everything: true}
	}
	return rule{
		path: path, field: &fieldMatcher{Predicate: and(ps), OnMatch: allowedBy(r.Name)},
		alone: len(r.Match.Methods) == 0 && len(r.Match.Headers) == 0,
	}
}

// ruleMatcher finds a rule that lets a request in. Of many, those alone are tried
// whose path can be the request's: a map finds them by the whole path, then by
// what it begins with. Where several let it in, the most exact one is named.
func ruleMatcher(rules []rule) *xdsmatcherv3.Matcher {
	if len(rules) <= fewRules {
		return listed(fields(rules), noRoute())
	}
	exact, heads := map[string][]rule{}, map[string][]rule{}
	var rest []rule
	for _, r := range rules {
		switch {
		case r.path.exact != "":
			exact[r.path.exact] = append(exact[r.path.exact], r)
		case r.path.head != "":
			heads[r.path.head] = append(heads[r.path.head], r)
		default:
			rest = append(rest, r)
		}
	}
	m := listed(guarded(rest), noRoute())
	if len(heads) > 0 {
		m = byPath(prefixMap(heads), m)
	}
	if len(exact) > 0 {
		m = byPath(exactPaths(exact), m)
	}
	return m
}

// byPath asks a map first. What a rule in it does not allow may be allowed by one
// of a shorter prefix, to which Envoy goes on by itself, or by one that is not in
// it.
func byPath(tree *xdsmatcherv3.Matcher_MatcherTree, rest *xdsmatcherv3.Matcher) *xdsmatcherv3.Matcher {
	tree.Input = extension("path", &matcherv3.HttpRequestHeaderMatchInput{HeaderName: PathHeader})
	return &xdsmatcherv3.Matcher{
		MatcherType: &xdsmatcherv3.Matcher_MatcherTree_{MatcherTree: tree}, OnNoMatch: nested(rest),
	}
}

func exactPaths(of map[string][]rule) *xdsmatcherv3.Matcher_MatcherTree {
	return &xdsmatcherv3.Matcher_MatcherTree{TreeType: &xdsmatcherv3.Matcher_MatcherTree_ExactMatchMap{ExactMatchMap: matchMap(of)}}
}

func prefixMap(of map[string][]rule) *xdsmatcherv3.Matcher_MatcherTree {
	return &xdsmatcherv3.Matcher_MatcherTree{TreeType: &xdsmatcherv3.Matcher_MatcherTree_PrefixMatchMap{PrefixMatchMap: matchMap(of)}}
}

func matchMap(of map[string][]rule) *xdsmatcherv3.Matcher_MatcherTree_MatchMap {
	m := map[string]*xdsmatcherv3.Matcher_OnMatch{}
	for path, rules := range of {
		m[path] = nested(listed(guarded(rules), nil))
	}
	return &xdsmatcherv3.Matcher_MatcherTree_MatchMap{Map: m}
}

func listed(fields []*fieldMatcher, otherwise *xdsmatcherv3.Matcher_OnMatch) *xdsmatcherv3.Matcher {
	m := &xdsmatcherv3.Matcher{OnNoMatch: otherwise}
	if len(fields) > 0 {
		m.MatcherType = &xdsmatcherv3.Matcher_MatcherList_{MatcherList: &xdsmatcherv3.Matcher_MatcherList{Matchers: fields}}
	}
	return m
}

func fields(rules []rule) (fs []*fieldMatcher) {
	for _, r := range rules {
		fs = append(fs, r.field)
	}
	return fs
}

// guarded puts one regex before many: where it does not match, none of them
// does.
func guarded(rules []rule) (fs []*fieldMatcher) {
	var group []rule
	length := 0
	flush := func() {
		if len(group) > fewRules {
			fs = append(fs, guard(group))
		} else {
			fs = append(fs, fields(group)...)
		}
		group, length = nil, 0
	}
	for _, r := range rules {
		// A repetition can be as long, compiled, as a program may be.
		if !r.alone || r.path.regex == "" || strings.Contains(r.path.regex, "{") {
			flush()
			fs = append(fs, r.field)
			continue
		}
		if len(group) == regexGroup || length+len(r.path.regex) > mostGuard {
			flush()
		}
		group, length = append(group, r), length+len(r.path.regex)
	}
	flush()
	return fs
}

func guard(group []rule) *fieldMatcher {
	var any []string
	for _, r := range group {
		any = append(any, "(?:"+r.path.regex+")")
	}
	return &fieldMatcher{Predicate: headerPredicate(PathHeader, regexValue(strings.Join(any, "|"))), OnMatch: nested(listed(fields(group), nil))}
}
