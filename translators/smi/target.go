package smi

import (
	"fmt"
	"math"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/versions"
)

const (
	serviceAccount = "ServiceAccount"
	accessGroup    = "access.smi-spec.io"
)

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
	targetSources(r, t, spec.field("sources"))
	t.Rules = targetRules(r, spec.field("rules"))
	ok = targetPort(r, t, root) && ok
	if !ok || len(t.Sources)+len(t.SourceBindings) == 0 || len(t.Rules) == 0 {
		return nil, r.diagnostics
	}
	return t, r.diagnostics
}

// targetDestination reads whom the target protects. It has to be in the
// target's own namespace: else one tenant could open another.
func targetDestination(r *report, t *model.Target, n node) bool {
	kind, key, err := subject(n, t.Namespace)
	if err != nil {
		r.invalid(n, err)
		return false
	}
	if key.Namespace != t.Namespace {
		r.refuse(n.field("namespace"), model.ReasonDestinationNotPermitted,
			"%s is another namespace; create the TrafficTarget there, or write %s", quote(key.Namespace), quote(t.Namespace))
		return false
	}
	if kind == model.KindIdentityBinding {
		t.DestinationBinding = key.Name
	} else {
		t.Destination = model.Identity(key)
	}
	return true
}

// targetPort reads the port that an older version wrote. One that can't be read
// must not become "all".
func targetPort(r *report, t *model.Target, root node) bool {
	object, _ := root.value.(map[string]any)
	value, written := versions.Port(object)
	if !written {
		return true
	}
	n := node{path: versions.PortField, value: value}
	port, err := n.whole(1, math.MaxUint16)
	if err != nil {
		r.invalid(n, err)
		return false
	}
	t.Port = uint16(port)
	return true
}

// subject reads a service account, or an IdentityBinding; its namespace is the
// target's where none is given.
func subject(n node, namespace string) (kind model.Kind, key model.Key, err error) {
	if _, ok := n.value.(map[string]any); !ok {
		return "", key, fmt.Errorf("%s names nobody; write kind: ServiceAccount and a name", n.shown())
	}
	kind = model.Kind(n.field("kind").textOrEmpty())
	if kind != serviceAccount && kind != model.KindIdentityBinding {
		return "", key, fmt.Errorf("kind %s has no identity in the mesh; write %s", quote(string(kind)), serviceAccount)
	}
	if group := n.field("group").textOrEmpty(); kind == model.KindIdentityBinding && group != "" && group != accessGroup {
		return "", key, fmt.Errorf("group %s has no IdentityBinding; write %s or leave it out", quote(group), accessGroup)
	}
	name, err := n.field("name").text()
	if err != nil {
		return "", key, err
	}
	if err := objectName(name, string(kind)); err != nil {
		return "", key, err
	}
	other, err := n.field("namespace").text()
	if err != nil {
		return "", key, err
	}
	if other == "" {
		return kind, model.Key{Namespace: namespace, Name: name}, nil
	}
	return kind, model.Key{Namespace: other, Name: name}, namespaceName(other)
}

func targetSources(r *report, t *model.Target, list node) {
	entries, err := list.items()
	if err != nil {
		r.invalid(list, err)
		return
	}
	if len(entries) == 0 {
		r.refuse(list, model.ReasonInvalid, "there is no source, so nobody is allowed; name at least one ServiceAccount")
	}
	for _, entry := range entries {
		kind, key, err := subject(entry, t.Namespace)
		switch {
		case err != nil:
			r.refuse(entry, model.ReasonUnsupportedValue, "%v; this source is left out", err)
		case kind == model.KindIdentityBinding:
			t.SourceBindings = append(t.SourceBindings, key)
		default:
			t.Sources = append(t.Sources, model.Identity(key))
		}
	}
	slices.SortFunc(t.Sources, model.Identity.Compare)
	t.Sources = slices.Compact(t.Sources)
	slices.SortFunc(t.SourceBindings, model.Key.Compare)
	t.SourceBindings = slices.Compact(t.SourceBindings)
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
	for at, entry := range entries {
		if rule, ok := targetRule(r, entry); ok {
			rule.At = at
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
		rule.Matches = append(rule.Matches, name)
	}
	return rule, len(entries) == 0 || len(rule.Matches) > 0
}
