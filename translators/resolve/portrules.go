package resolve

import (
	"fmt"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// diagnosePortRoutes finds ports of TCPRoutes and UDPRoutes that are a Service's
// and none of the pods, of which routes speak: they open nothing.
func (g *Graph) diagnosePortRoutes(t *model.Target) []model.Diagnostic {
	var ds []model.Diagnostic
	for _, r := range t.Rules {
		route := g.routes[model.Ref{Kind: r.Kind, Key: model.Key{Namespace: t.Namespace, Name: r.Name}}]
		if route == nil {
			continue
		}
		for _, n := range route.Ports {
			k, leads, ok := g.onlyOfService(g.parties[t.Key].destinations, n, r.Kind == model.KindUDPRoute)
			if !ok {
				continue
			}
			ds = append(ds, model.Diagnostic{
				Object: t.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonNotApplicable, Field: fmt.Sprintf("spec.rules[%d].name", r.At),
				Message: fmt.Sprintf("%s names port %d, which is a port of Service %s and of no pod behind it, so it opens nothing there; write the pods' port: %d", route.Ref(), n, k, leads),
			})
		}
	}
	return ds
}

// onlyOfService finds a Service in front of identities that has a port of a
// number, where none leads to that number in its pods; and where it leads.
func (g *Graph) onlyOfService(ids []model.Identity, number uint16, udp bool) (_ model.Key, leads uint16, _ bool) {
	found := map[model.Key]uint16{}
	names := set[model.Key]{}
	for _, id := range ids {
		for k := range g.ownServices(id) {
			s := g.services[k]
			if s == nil {
				continue
			}
			for _, p := range s.Ports {
				if isUDP(p) != udp {
					continue
				}
				pods := g.podPorts(k, p)
				if slices.Contains(pods, number) {
					return model.Key{}, 0, false
				}
				if p.Number == number && len(pods) > 0 {
					found[k] = slices.Min(pods)
					names.add(k)
				}
			}
		}
	}
	k, ok := first(names)
	return k, found[k], ok
}
