package resolve

import (
	"fmt"
	"maps"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// diagnoseShares finds callers that a split sends to a backend which nothing
// lets them call, though they may call another. Their share is refused there,
// and only they would see it.
func (g *Graph) diagnoseShares(s *model.Split) []model.Diagnostic {
	all, of := set[model.Identity]{}, map[model.Key]set[model.Identity]{}
	for _, b := range s.Backends {
		if callers, closed := g.callersOf(b.Service); closed && b.Weight > 0 {
			maps.Copy(all, callers)
			of[b.Service] = callers
		}
	}
	var ds []model.Diagnostic
	for _, b := range s.Backends {
		callers, judged := of[b.Service]
		if !judged {
			continue
		}
		var refused []model.Identity
		for id := range all {
			if !callers.has(id) {
				refused = append(refused, id)
			}
		}
		if len(refused) == 0 {
			continue
		}
		first := slices.MinFunc(refused, model.Identity.Compare)
		ds = append(ds, model.Diagnostic{
			Object: s.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonAccepted, Field: fmt.Sprintf("spec.backends[%d].service", b.At),
			Message: fmt.Sprintf("no TrafficTarget lets %s call the pods of Service %s, though one lets it call those of another backend, so its share there is refused; write one, if it calls Service %s", among(first, len(refused)), b.Service, s.Root),
		})
	}
	return ds
}

func among(first model.Identity, n int) string {
	if n == 1 {
		return fmt.Sprintf("ServiceAccount %s", first)
	}
	return fmt.Sprintf("ServiceAccount %s, and %d more,", first, n-1)
}

// callersOf are the sources of the TrafficTargets for the pods behind a Service;
// false where it lets in whom none of them names, or nobody is behind it.
func (g *Graph) callersOf(service model.Key) (set[model.Identity], bool) {
	f, callers := g.facts[service], set[model.Identity]{}
	for _, id := range f.identities {
		if g.access(id.Namespace) == model.AccessPermissive {
			return nil, false
		}
		for t := range g.index.targetsOf[id] {
			callers.add(g.parties[t].sources...)
		}
	}
	return callers, f.meshed() && !f.open
}

// sharesDirty marks the splits that lead to pods of an identity, whose callers
// have changed.
func (g *Graph) sharesDirty(id model.Identity, d *Dirty) {
	for service := range g.index.servicesBy[id] {
		for s := range g.index.splitsTo[service] {
			d.Objects.add(model.Ref{Kind: model.KindTrafficSplit, Key: s})
		}
	}
}

// allSharesDirty marks all splits: an access mode has changed.
func (g *Graph) allSharesDirty(d *Dirty) {
	for k := range g.splits {
		d.Objects.add(model.Ref{Kind: model.KindTrafficSplit, Key: k})
	}
}
