package resolve

import (
	"fmt"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// diagnoseHTTPRules finds a TrafficTarget whose HTTPRouteGroups can open nothing:
// every Service in front of its destination calls all of its ports TCP. Most
// often somebody forgot to say that a port is HTTP.
func (g *Graph) diagnoseHTTPRules(t *model.Target) []model.Diagnostic {
	i := slices.IndexFunc(t.Rules, func(r model.TargetRule) bool { return r.Kind == model.KindHTTPRouteGroup })
	if i < 0 {
		return nil
	}
	for _, id := range g.parties[t.Key].destinations {
		services := g.ownServices(id)
		for k := range services {
			if s := g.services[k]; s == nil || slices.ContainsFunc(s.Ports, isHTTP) {
				return nil
			}
		}
		if k, ok := first(services); ok {
			return []model.Diagnostic{{
				Object: t.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonNotApplicable, Field: fmt.Sprintf("spec.rules[%d]", t.Rules[i].At),
				Message: fmt.Sprintf("no port of Service %s says that it is HTTP, so %s", k, withoutHTTP(t)),
			}}
		}
	}
	return nil
}

// withoutHTTP says what a TrafficTarget does where no port is HTTP, and the mend.
func withoutHTTP(t *model.Target) string {
	if slices.ContainsFunc(t.Rules, func(r model.TargetRule) bool { return r.Kind == model.KindTCPRoute }) {
		return "an HTTPRouteGroup opens nothing, and a TCPRoute beside it only narrows it; set appProtocol: http on the port, or name the TCPRoute in a TrafficTarget of its own"
	}
	return "an HTTPRouteGroup opens nothing; set appProtocol: http on the port"
}

// targetsDirty marks the TrafficTargets of which identities are the destination:
// other Services are in front of them, or other ports.
func (g *Graph) targetsDirty(ids []model.Identity, d *Dirty) {
	for _, id := range ids {
		for t := range g.index.targetsOf[id] {
			d.Objects.add(model.Ref{Kind: model.KindTrafficTarget, Key: t})
		}
	}
}

// ownServices are the Services in front of an identity that can say what is spoken
// there: those of its namespace.
func (g *Graph) ownServices(id model.Identity) set[model.Key] {
	own := set[model.Key]{}
	for k := range g.index.servicesBy[id] {
		if k.Namespace == id.Namespace {
			own.add(k)
		}
	}
	return own
}
