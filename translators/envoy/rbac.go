package envoy

import (
	"slices"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbacconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	networkrbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	sslinputsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/matching/common_inputs/ssl/v3"

	"github.com/weft-mesh/weft/translators/model"
)

const (
	httpRBACFilter    = "envoy.filters.http.rbac"
	networkRBACFilter = "envoy.filters.network.rbac"
)

func verdict(a rbacconfigv3.RBAC_Action) *xdsmatcherv3.Matcher_OnMatch {
	name := MissingTarget
	if a == rbacconfigv3.RBAC_ALLOW {
		name = RuleAll
	}
	return action(&rbacconfigv3.Action{Name: name, Action: a})
}

// noRoute denies a caller that has rules what none of them allows.
func noRoute() *xdsmatcherv3.Matcher_OnMatch {
	return action(&rbacconfigv3.Action{Name: MissingRoute, Action: rbacconfigv3.RBAC_DENY})
}

// allowedBy lets in what a match of an HTTPRouteGroup allows, which the figures
// name.
func allowedBy(route string) *xdsmatcherv3.Matcher_OnMatch {
	if route == "" {
		return verdict(rbacconfigv3.RBAC_ALLOW)
	}
	return action(&rbacconfigv3.Action{Name: route, Action: rbacconfigv3.RBAC_ALLOW})
}

// denyAll is a policy that lets nobody in: a matcher of which nothing matches.
func denyAll() *xdsmatcherv3.Matcher {
	return &xdsmatcherv3.Matcher{OnNoMatch: verdict(rbacconfigv3.RBAC_DENY)}
}

// policyMatcher looks the caller up by its certificate: one hash, however many
// callers there are. A certificate of the mesh has one URI.
func policyMatcher(trustDomain string, p model.Policy, http bool) *xdsmatcherv3.Matcher {
	if p.AllowAll {
		return &xdsmatcherv3.Matcher{OnNoMatch: verdict(rbacconfigv3.RBAC_ALLOW)}
	}
	callers := map[string]*xdsmatcherv3.Matcher_OnMatch{}
	var on *xdsmatcherv3.Matcher_OnMatch
	for i, c := range p.Callers {
		if i == 0 || !sameRights(p.Callers[i-1], c) {
			on = callerMatch(c, http)
		}
		if on != nil {
			callers[c.Identity.SPIFFEID(trustDomain)] = on
		}
	}
	if len(callers) == 0 {
		return denyAll()
	}
	m := exactMap(extension("uri_san", &sslinputsv3.UriSanInput{}), callers)
	m.OnNoMatch = verdict(rbacconfigv3.RBAC_DENY)
	return m
}

// sameRights tells that two callers may do the same: most often one TrafficTarget
// names them both.
func sameRights(a, b model.Caller) bool {
	return a.Any == b.Any && slices.EqualFunc(a.Routes, b.Routes, func(a, b model.AllowedRoute) bool {
		return a.Name == b.Name && a.Match.PathRegex == b.Match.PathRegex &&
			slices.Equal(a.Match.Methods, b.Match.Methods) && slices.Equal(a.Match.Headers, b.Match.Headers)
	})
}

// callerMatch is what one caller may do; nil for nothing.
func callerMatch(c model.Caller, http bool) *xdsmatcherv3.Matcher_OnMatch {
	if c.Any {
		return verdict(rbacconfigv3.RBAC_ALLOW)
	}
	if !http || len(c.Routes) == 0 {
		return nil
	}
	var rules []rule
	for _, r := range c.Routes {
		rule := newRule(r)
		if rule.everything {
			return verdict(rbacconfigv3.RBAC_ALLOW)
		}
		rules = append(rules, rule)
	}
	return nested(ruleMatcher(rules))
}

// httpRBAC is the policy of a port, as its routes carry it: it holds from the
// next request on, on connections that are open already.
func httpRBAC(trustDomain string, p model.Policy) *httprbacv3.RBACPerRoute {
	return &httprbacv3.RBACPerRoute{Rbac: &httprbacv3.RBAC{Matcher: policyMatcher(trustDomain, p, true)}}
}

func networkRBAC(trustDomain string, p model.Policy) *listenerv3.Filter {
	return networkFilter(networkRBACFilter, &networkrbacv3.RBAC{
		StatPrefix: "inbound", Matcher: policyMatcher(trustDomain, p, false),
	})
}
