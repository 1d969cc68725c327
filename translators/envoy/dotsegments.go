package envoy

import (
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	mutationv3 "github.com/envoyproxy/go-control-plane/envoy/config/common/mutation_rules/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	matchingv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/common/matching/v3"
	actionv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/matcher/action/v3"
	headermutationv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// A path of the mesh reaches the application as it was sent, and applications
// read paths in different ways: they decode escapes once, twice or not at all,
// merge slashes, take a backslash for one, cut parameters off. Only what goes up
// again, a dot segment, leads one of these readings out of what a path begins
// with.
//
// noDotSegments takes the paths that have none in any reading (docs/adr/0033). It
// is a list of what is known to be harmless, so that it fails closed. Segments
// begin after whatever some take for a slash; dots at their beginning must be
// followed by what all take for a part of a name.
const noDotSegments = `(?:` + separator + `|` + fleeting + `|` + beyondASCII + `|(?:` + dot + `)*` + nameChar +
	`(?:` + nameChar + `|` + dot + `|` + fleeting + `)*)*(?:%(?:25)+)?`

const (
	// escape begins an octet that is escaped once, or again and again.
	escape   = `%(?:25)*`
	hexDigit = `[0-9A-Fa-f]`

	separator = `(?:%(?:25)+)?/|\\|` + escape + `(?:2[fF]|5[cC])`
	dot       = `\.|` + escape + `2[eE]`
	// nameChar is what every reading leaves where it is.
	nameChar = "(?:[0-9A-Za-z_~!$&'()*,=:@\"<>^`{|}\\[\\]-]|" + escape +
		`(?:2[1246-9aAcCdD]|3[0-9aAc-eC-E]|[46]` + hexDigit + `|5[0-9abd-fABD-F]|7[0-9a-eA-E]))`
	// fleeting is what some readings drop, trim, or take for the end of a path:
	// parameters, blanks, NUL and other controls, "?", "#", a percent sign that
	// begins no escape.
	fleeting = `[;+]|` + escape + `(?:[01]` + hexDigit + `|2[03bB]|3[bBfF]|7[fF])|%(?:25)+[g-tv-zG-TV-Z_~!$&'()*,=:@-]`
	// beyondASCII may be read as a slash, but not as a dot or a percent sign: no
	// overlong UTF-8, and none of "․‥…．﹒︰︙％﹪", that compatibility forms and
	// code pages turn into such.
	beyondASCII = escape + `(?:[89abABdD]` + hexDigit + `|[cC][2-9a-fA-F]|[eE][13-9a-eA-E]|[fF][1-4])` +
		`|` + escape + `(?:[eE]0` + escape + `[abAB]|[fF]0` + escape + `[9abAB])` + hexDigit +
		`|` + escape + `[eE]2` + escape + `(?:8[1-9a-fA-F]|[9abAB]` + hexDigit + `|80` + escape + `(?:[89bB]` + hexDigit + `|[aA][0-37-9a-fA-F]))` +
		`|` + escape + `[eE][fF]` + escape + `(?:[89aA]` + hexDigit + `|[bB][0-7abd-fABD-F]` +
		`|[bB]8` + escape + `(?:[8aA]` + hexDigit + `|9[0-8a-fA-F]|[bB][1-9a-fA-F])` +
		`|[bB]9` + escape + `(?:[8bB]` + hexDigit + `|9[013-9a-fA-F]|[aA][0-9b-fB-F])` +
		`|[bB][cC]` + escape + `(?:[9abAB]` + hexDigit + `|8[0-46-9a-dfA-DF]))`
)

// noEscapes takes the paths without what some readings decode, cut off or take
// for a slash.
const noEscapes = `[^%;\\]*`

// ambiguous takes the other paths that can be read in two ways.
const ambiguous = `(?s).*(?://|[;\\]|` + escape + `(?:2[fF]|5[cC])).*`

// tellLevelPaths sets LevelPathHeader: once for a request and once for a port,
// however many callers and rules there are. What is level is skipped by the filter
// that would remove it.
func tellLevelPaths() *hcmv3.HttpFilter {
	level := &fieldMatcher{
		Predicate: headerPredicate(PathHeader, regexValue(noDotSegments)), OnMatch: action(&actionv3.SkipFilter{}),
	}
	return httpFilter("weft.level_paths", &matchingv3.ExtensionWithMatcher{
		XdsMatcher: &xdsmatcherv3.Matcher{MatcherType: &xdsmatcherv3.Matcher_MatcherList_{MatcherList: &xdsmatcherv3.Matcher_MatcherList{
			Matchers: []*fieldMatcher{level},
		}}},
		ExtensionConfig: &corev3.TypedExtensionConfig{Name: headerMutationFilter, TypedConfig: packed(&headermutationv3.HeaderMutation{Mutations: &headermutationv3.Mutations{
			RequestMutations: []*mutationv3.HeaderMutation{{Action: &mutationv3.HeaderMutation_Remove{Remove: LevelPathHeader}}},
		}})},
	})
}
