package resolve

import (
	"fmt"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// Diagnose answers with what is wrong with an object in the light of all
// others. What is wrong with it by itself, translators/smi has said.
func (g *Graph) Diagnose(r model.Ref) []model.Diagnostic {
	switch r.Kind {
	case model.KindTrafficSplit:
		if s := g.splits[r.Key]; s != nil {
			return g.diagnoseSplit(s)
		}
	case model.KindTrafficTarget:
		if t := g.targets[r.Key]; t != nil {
			return slices.Concat(g.diagnoseTarget(t), g.diagnosePortRoutes(t), g.diagnoseHTTPRules(t), g.diagnoseBindings(t))
		}
	case model.KindService:
		return g.rules.warnings[r.Key]
	case model.KindIdentityBinding:
		return g.bound[r.Key].diagnostics
	}
	return nil
}

func (g *Graph) diagnoseSplit(s *model.Split) []model.Diagnostic {
	ds := g.diagnoseConflict(s)
	ds = append(ds, g.diagnoseGroups(s)...)
	root := g.services[s.Root]
	if root == nil {
		return append(ds, unresolved(s.Ref(), model.ReasonServiceNotFound, "spec.service",
			fmt.Sprintf("Service %s does not exist; create it, or name one that does", s.Root)))
	}
	if len(root.Addresses) == 0 {
		ds = append(ds, model.Diagnostic{
			Object: s.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonNotApplicable,
			Field: "spec.service", Message: fmt.Sprintf("Service %s %s, which no split can redirect; give it a cluster address", s.Root, dialled(root)),
		})
	}
	ds = append(ds, g.diagnoseTCPMatches(s, root)...)
	for _, b := range s.Backends {
		ds = append(ds, g.diagnoseBackend(s, root, b)...)
	}
	return append(ds, g.diagnoseShares(s)...)
}

// dialled says what the clients of a Service without an address dial.
func dialled(root *model.Service) string {
	if root.Headless {
		return "is headless: its clients dial pods"
	}
	return "is a DNS name alone: its clients dial what that means"
}

// diagnoseConflict finds the split that holds where this one does not.
func (g *Graph) diagnoseConflict(s *model.Split) []model.Diagnostic {
	_, plain := g.rootSplits(s.Root)
	if s.Matched || plain == nil || plain == s {
		return nil
	}
	return []model.Diagnostic{{
		Object: s.Ref(), Condition: model.ConditionAccepted, Reason: model.ReasonConflicted, Field: "spec.service",
		Message: fmt.Sprintf("TrafficSplit %s, which is older, splits Service %s already; delete one, or give this one matches", plain.Key, s.Root),
	}}
}

func (g *Graph) diagnoseGroups(s *model.Split) []model.Diagnostic {
	var ds []model.Diagnostic
	for i, m := range s.Matches {
		switch group := g.groups[m]; {
		case group == nil:
			ds = append(ds, unresolved(s.Ref(), model.ReasonRouteNotFound, fmt.Sprintf("spec.matches[%d].name", i),
				fmt.Sprintf("HTTPRouteGroup %s does not exist, or is refused, so it matches nothing; create or mend it", m)))
		case len(group.Matches) == 0:
			ds = append(ds, unresolved(s.Ref(), model.ReasonMatchNotFound, fmt.Sprintf("spec.matches[%d].name", i),
				fmt.Sprintf("HTTPRouteGroup %s has no matches, so it matches nothing; add one", m)))
		}
	}
	return ds
}

func (g *Graph) diagnoseTCPMatches(s *model.Split, root *model.Service) []model.Diagnostic {
	if !s.Matched {
		return nil
	}
	var ds []model.Diagnostic
	for _, p := range root.Ports {
		if isHTTP(p) || isDetect(p) {
			continue
		}
		message := fmt.Sprintf("port %d of Service %s is TCP, where requests can't be matched, so the split is not in force there; set appProtocol: http if it is HTTP", p.Number, root.Key)
		if isUDP(p) {
			message = fmt.Sprintf("port %d of Service %s is UDP, where nothing can be matched, so the split is not in force there; write one without matches", p.Number, root.Key)
		}
		ds = append(ds, model.Diagnostic{
			Object: s.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonNotApplicable, Field: "spec.matches", Message: message,
		})
	}
	return ds
}

func (g *Graph) diagnoseBackend(s *model.Split, root *model.Service, b model.Backend) []model.Diagnostic {
	field := fmt.Sprintf("spec.backends[%d].service", b.At)
	if g.services[b.Service] == nil {
		return []model.Diagnostic{unresolved(s.Ref(), model.ReasonServiceNotFound, field,
			fmt.Sprintf("Service %s does not exist, so it is left out; create it, or remove the backend", b.Service))}
	}
	if g.services[b.Service].ExternalName {
		return []model.Diagnostic{unresolved(s.Ref(), model.ReasonUnsupportedValue, field,
			fmt.Sprintf("Service %s is of type ExternalName: a DNS name, without endpoints that a mesh could share traffic to, so it is left out; name a Service with a cluster address and no selector, and write an EndpointSlice of the addresses for it", b.Service))}
	}
	var ds []model.Diagnostic
	for _, p := range root.Ports {
		switch port, ok := g.backendPort(b.Service, p); {
		case !ok:
			ds = append(ds, unresolved(s.Ref(), model.ReasonPortNotFound, field,
				fmt.Sprintf("Service %s has no %s, which the root %s has, so it is left out there; add the port", b.Service, portText(p), root.Key)))
		case isUDP(p) && g.facts[b.Service].udpOpen && g.tunnelled(s.Root) && !s.Matched:
			ds = append(ds, model.Diagnostic{
				Object: s.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonNotApplicable, Field: field,
				Message: fmt.Sprintf("UDP port %d is carried inside the mesh, and Service %s has endpoints outside of it, which get none; give them sidecars", p.Number, b.Service),
			})
		case isHTTP(p) && isTCP(port):
			ds = append(ds, model.Diagnostic{
				Object: s.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonNotApplicable, Field: field,
				Message: fmt.Sprintf("port %d is HTTP at the root %s and TCP at Service %s, so its share is let in as TCP is, and by no HTTPRouteGroup; set appProtocol: http", p.Number, root.Key, b.Service),
			})
		}
	}
	return ds
}

func portText(p model.Port) string {
	if isUDP(p) {
		return fmt.Sprintf("UDP port %d", p.Number)
	}
	return fmt.Sprintf("port %d", p.Number)
}

func (g *Graph) diagnoseTarget(t *model.Target) []model.Diagnostic {
	var ds []model.Diagnostic
	for _, r := range t.Rules {
		ref := model.Ref{Kind: r.Kind, Key: model.Key{Namespace: t.Namespace, Name: r.Name}}
		if g.Fragment(ref) == nil {
			ds = append(ds, unresolved(t.Ref(), model.ReasonRouteNotFound, fmt.Sprintf("spec.rules[%d].name", r.At),
				fmt.Sprintf("%s does not exist, or is refused, so the rule allows nothing; create or mend it", ref)))
			continue
		}
		ds = append(ds, g.diagnoseMatches(t, r)...)
	}
	return ds
}

func (g *Graph) diagnoseMatches(t *model.Target, r model.TargetRule) []model.Diagnostic {
	if r.Kind != model.KindHTTPRouteGroup {
		return nil
	}
	group := g.groups[model.Key{Namespace: t.Namespace, Name: r.Name}]
	var ds []model.Diagnostic
	for j, name := range r.Matches {
		if !slices.ContainsFunc(group.Matches, func(m model.NamedMatch) bool { return m.Name == name }) {
			ds = append(ds, unresolved(t.Ref(), model.ReasonMatchNotFound, fmt.Sprintf("spec.rules[%d].matches[%d]", r.At, j),
				fmt.Sprintf("HTTPRouteGroup %s has no match %q, so it allows nothing; add the match, or correct the name", group.Key, name)))
		}
	}
	return ds
}

func unresolved(r model.Ref, reason, field, message string) model.Diagnostic {
	return model.Diagnostic{Object: r, Condition: model.ConditionResolvedRefs, Reason: reason, Field: field, Message: message}
}

// Concern is who an object matters to.
type Concern struct {
	// Identities whose proxies need it.
	Identities map[model.Identity]struct{}
	// Services whose callers need it.
	Services map[model.Key]struct{}
}

// Concerns answers for an SMI object.
func (g *Graph) Concerns(r model.Ref) Concern {
	ids, services := set[model.Identity]{}, set[model.Key]{}
	switch r.Kind {
	case model.KindTrafficSplit:
		if s := g.splits[r.Key]; s != nil {
			services.add(s.Root)
		}
	case model.KindTrafficTarget:
		g.concernTarget(r.Key, ids)
	case model.KindIdentityBinding:
		for t := range g.index.targetsBy[r.Key] {
			g.concernTarget(t, ids)
		}
	case model.KindHTTPRouteGroup, model.KindTCPRoute, model.KindUDPRoute:
		for t := range g.index.targetsWith[r] {
			ids.add(g.parties[t].destinations...)
		}
		if r.Kind == model.KindHTTPRouteGroup {
			for s := range g.index.splitsWith[r.Key] {
				services.add(g.splits[s].Root)
			}
		}
	}
	return Concern{Identities: ids, Services: services}
}

func (g *Graph) concernTarget(k model.Key, ids set[model.Identity]) {
	ids.add(g.parties[k].destinations...)
	ids.add(g.parties[k].sources...)
}
