package smi

import (
	"fmt"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

const serviceAccount = "ServiceAccount"

// target reads a TrafficTarget. A wrong source or rule is left out, which only
// narrows what is allowed; without any of either nothing is.
func target(root node) (*model.Target, []model.Diagnostic) {
	t := &model.Target{Key: root.key()}
	r := &report{object: t.Ref()}
	spec, ok := r.section(root.field("spec"))
	if !ok {
		return nil, r.diagnostics
	}
	ok = targetDestination(r, t, spec.field("destination"))
	t.Sources = targetSources(r, spec.field("sources"), t.Namespace)
	t.Rules = targetRules(r, spec.field("rules"))
	if !ok || len(t.Sources) == 0 || len(t.Rules) == 0 {
		return nil, r.diagnostics
	}
	return t, r.diagnostics
}

// targetDestination reads whom the target protects. It has to be in the
// target's own namespace: else one tenant could open another.
func targetDestination(r *report, t *model.Target, n node) bool {
	identity, err := subject(n, t.Namespace)
	if err != nil {
		r.invalid(n, err)
		return false
	}
	if identity.Namespace != t.Namespace {
		r.refuse(n.field("namespace"), model.ReasonDestinationNotPermitted,
			"%s is another namespace; create the TrafficTarget there, or write %s", quote(identity.Namespace), quote(t.Namespace))
		return false
	}
	t.Destination = identity
	return true
}

// subject reads a service account; its namespace is the target's where none is
// given.
func subject(n node, namespace string) (model.Identity, error) {
	none := model.Identity{}
	if _, ok := n.value.(map[string]any); !ok {
		return none, fmt.Errorf("%s names nobody; write kind: ServiceAccount and a name", n.shown())
	}
	if kind := n.field("kind").textOrEmpty(); kind != serviceAccount {
		return none, fmt.Errorf("kind %s has no identity in the mesh; write %s", quote(kind), serviceAccount)
	}
	name, err := n.field("name").text()
	if err != nil {
		return none, err
	}
	if err := objectName(name, serviceAccount); err != nil {
		return none, err
	}
	other, err := n.field("namespace").text()
	if err != nil {
		return none, err
	}
	if other == "" {
		return model.Identity{Namespace: namespace, Name: name}, nil
	}
	return model.Identity{Namespace: other, Name: name}, namespaceName(other)
}

func targetSources(r *report, list node, namespace string) []model.Identity {
	entries, err := list.items()
	if err != nil {
		r.invalid(list, err)
		return nil
	}
	if len(entries) == 0 {
		r.refuse(list, model.ReasonInvalid, "there is no source, so nobody is allowed; name at least one ServiceAccount")
	}
	var sources []model.Identity
	for _, entry := range entries {
		identity, err := subject(entry, namespace)
		if err != nil {
			r.refuse(entry, model.ReasonUnsupportedValue, "%v; this source is left out", err)
			continue
		}
		sources = append(sources, identity)
	}
	slices.SortFunc(sources, model.Identity.Compare)
	return slices.Compact(sources)
}

func targetRules(r *report, list node) []model.TargetRule {
	entries, err := list.items()
	if err != nil {
		r.invalid(list, err)
		return nil
	}
	if len(entries) == 0 {
		r.refuse(list, model.ReasonInvalid, "there is no rule, so nothing is allowed; name at least one HTTPRouteGroup or TCPRoute")
	}
	var rules []model.TargetRule
	for _, entry := range entries {
		if rule, ok := targetRule(r, entry); ok {
			rules = append(rules, rule)
		}
	}
	return rules
}

func targetRule(r *report, entry node) (model.TargetRule, bool) {
	rule := model.TargetRule{Kind: model.Kind(entry.field("kind").textOrEmpty())}
	switch rule.Kind {
	case model.KindHTTPRouteGroup, model.KindTCPRoute, model.KindUDPRoute:
	default:
		r.refuse(entry.field("kind"), model.ReasonUnsupportedValue,
			"%s is no kind of route; write HTTPRouteGroup, TCPRoute or UDPRoute; this rule is left out", quote(string(rule.Kind)))
		return rule, false
	}
	name, err := entry.field("name").text()
	if err == nil {
		err = objectName(name, string(rule.Kind))
	}
	if err != nil {
		r.refuse(entry.field("name"), model.ReasonInvalid, "%v; this rule is left out", err)
		return rule, false
	}
	rule.Name = name
	return ruleMatches(r, rule, entry.field("matches"))
}

// ruleMatches reads the names that narrow a rule. A list that can't be read
// must not become "all", so the rule goes.
func ruleMatches(r *report, rule model.TargetRule, list node) (model.TargetRule, bool) {
	entries, err := list.items()
	if err != nil {
		r.refuse(list, model.ReasonInvalid, "%v; this rule is left out", err)
		return rule, false
	}
	if len(entries) > 0 && rule.Kind != model.KindHTTPRouteGroup {
		r.warn(list, model.ReasonNotApplicable, "a %s has no named matches, so these names change nothing; remove them", rule.Kind)
		return rule, true
	}
	for _, entry := range entries {
		name, err := entry.text()
		if err == nil && name == "" {
			err = fmt.Errorf("the name of a match is empty; write one of %s", rule.Name)
		}
		if err != nil {
			r.refuse(entry, model.ReasonInvalid, "%v; this match is left out", err)
			continue
		}
		if !slices.Contains(rule.Matches, name) {
			rule.Matches = append(rule.Matches, name)
		}
	}
	return rule, len(entries) == 0 || len(rule.Matches) > 0
}
