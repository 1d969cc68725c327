package resolve

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/weft-mesh/weft/translators/model"
)

// bound is whom an IdentityBinding stands for, and what is wrong with it in the
// light of all others.
type bound struct {
	identities  []model.Identity
	diagnostics []model.Diagnostic
}

// parties are the service accounts that a TrafficTarget speaks of, those of its
// IdentityBindings among them. Both are sorted.
type parties struct {
	destinations, sources []model.Identity
}

func (g *Graph) changeBinding(k model.Key, f *model.IdentityBinding, d *Dirty) {
	if f == nil {
		delete(g.bindings, k)
	} else {
		g.bindings[k] = f
	}
	g.index.bindingsIn.put(k.Namespace, k, f != nil && f.PodLabels != nil)
	d.Objects.add(model.Ref{Kind: model.KindIdentityBinding, Key: k})
	for t := range g.index.targetsBy[k] {
		d.Objects.add(model.Ref{Kind: model.KindTrafficTarget, Key: t})
	}
	g.refreshBinding(k, d)
}

// rebind looks anew at the bindings that select pods of a namespace.
func (g *Graph) rebind(namespace string, d *Dirty) {
	for k := range g.index.bindingsIn[namespace] {
		g.refreshBinding(k, d)
	}
}

// refreshBinding finds out whom a binding stands for now, and follows a change
// of that into the TrafficTargets that name it.
func (g *Graph) refreshBinding(k model.Key, d *Dirty) {
	old, now := g.bound[k], bound{}
	if b := g.bindings[k]; b != nil {
		now = g.bind(b)
		g.bound[k] = now
	} else {
		delete(g.bound, k)
	}
	if !slices.Equal(old.diagnostics, now.diagnostics) {
		d.Objects.add(model.Ref{Kind: model.KindIdentityBinding, Key: k})
	}
	if slices.Equal(old.identities, now.identities) {
		return
	}
	for t := range g.index.targetsBy[k] {
		g.refreshParties(t, d)
		d.Objects.add(model.Ref{Kind: model.KindTrafficTarget, Key: t})
	}
}

// bind resolves the schemes of a binding; they are ORed.
func (g *Graph) bind(b *model.IdentityBinding) bound {
	var out bound
	if b.ServiceAccount != "" {
		out.identities = append(out.identities, model.Identity{Namespace: b.Namespace, Name: b.ServiceAccount})
	}
	for i, id := range b.SPIFFEIDs {
		if identity, why := g.ofSPIFFE(b, id); why == "" {
			out.identities = append(out.identities, identity)
		} else {
			out.diagnostics = append(out.diagnostics, model.Diagnostic{
				Object: b.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonNotApplicable,
				Field: fmt.Sprintf("spec.schemes.spiffeIdentities[%d]", i), Message: fmt.Sprintf("%q %s; it is left out", id, why),
			})
		}
	}
	if b.PodLabels != nil {
		g.bindPods(b, &out)
	}
	slices.SortFunc(out.identities, model.Identity.Compare)
	out.identities = slices.Compact(out.identities)
	return out
}

// ofSPIFFE reads an identity of the mesh; of another namespace than the
// binding's it must not speak ("the boundary for the workloads it applies to").
func (g *Graph) ofSPIFFE(b *model.IdentityBinding, id string) (_ model.Identity, why string) {
	rest, ok := strings.CutPrefix(id, g.mesh.TrustDomain+"/")
	if !ok {
		return model.Identity{}, fmt.Sprintf("is not of the mesh's trust domain %q, and weft trusts no other", g.mesh.TrustDomain)
	}
	parts := strings.Split(rest, "/")
	if len(parts) != 4 || parts[0] != "ns" || parts[2] != "sa" || parts[3] == "" {
		return model.Identity{}, fmt.Sprintf("is nobody's identity in the mesh; write %s/ns/NAMESPACE/sa/SERVICEACCOUNT", g.mesh.TrustDomain)
	}
	if parts[1] != b.Namespace {
		return model.Identity{}, fmt.Sprintf("is of namespace %q; an IdentityBinding speaks of its own namespace alone: create one there", parts[1])
	}
	return model.Identity{Namespace: parts[1], Name: parts[3]}, ""
}

// bindPods adds the service accounts of the selected pods. A certificate tells
// service accounts apart, not labels: an account that pods outside of the
// selection have too would open more than was asked for, so it is left out.
func (g *Graph) bindPods(b *model.IdentityBinding, out *bound) {
	selected, shared := set[model.Identity]{}, map[model.Identity]string{}
	selector := labels.SelectorFromSet(b.PodLabels)
	for k := range g.index.podsIn[b.Namespace] {
		p := g.pods[k]
		if selector.Matches(labels.Set(p.Labels)) {
			selected.add(p.Identity)
		} else if first, ok := shared[p.Identity]; !ok || k.Name < first {
			shared[p.Identity] = k.Name
		}
	}
	const field = "spec.schemes.podLabelSelector"
	if len(selected) == 0 {
		out.diagnostics = append(out.diagnostics, unresolved(b.Ref(), model.ReasonPodsNotFound, field,
			"no pod of the mesh in the namespace has these labels, so nobody is meant; correct them, or start the pods"))
	}
	for _, id := range slices.SortedFunc(maps.Keys(selected), model.Identity.Compare) {
		pod, ok := shared[id]
		if !ok {
			out.identities = append(out.identities, id)
			continue
		}
		out.diagnostics = append(out.diagnostics, unresolved(b.Ref(), model.ReasonIdentityShared, field,
			fmt.Sprintf("ServiceAccount %s is also that of pod %s, which has other labels, and certificates tell accounts apart only, so it is left out; give the selected pods an account of their own", id, pod)))
	}
}

// bindingsOf are the IdentityBindings that a TrafficTarget names.
func bindingsOf(t *model.Target) []model.Key {
	ks := slices.Clone(t.SourceBindings)
	if t.DestinationBinding != "" {
		ks = append(ks, model.Key{Namespace: t.Namespace, Name: t.DestinationBinding})
	}
	return ks
}

// refreshParties finds out whom a TrafficTarget speaks of now.
func (g *Graph) refreshParties(k model.Key, d *Dirty) {
	g.indexParties(k, false, d)
	if t := g.targets[k]; t != nil {
		g.parties[k] = g.partiesOf(t)
		g.indexParties(k, true, d)
	} else {
		delete(g.parties, k)
	}
}

func (g *Graph) indexParties(k model.Key, in bool, d *Dirty) {
	p := g.parties[k]
	g.rules.looking.add(k)
	if g.rules.idle.has(k) {
		g.touchServers(k)
	}
	for _, i := range p.destinations {
		g.index.targetsOf.put(i, k, in)
		g.index.destinationsIn.put(i.Namespace, i, len(g.index.targetsOf[i]) > 0)
		d.Inbound.add(i)
		g.sharesDirty(i, d)
		g.unsettleServers(i)
	}
	for _, i := range p.sources {
		g.index.targetsFrom.put(i, k, in)
		g.reaches.toggle(i, k)
		d.Outbound.add(i)
	}
	g.reaches.forget()
}

func (g *Graph) partiesOf(t *model.Target) parties {
	p := parties{sources: slices.Clone(t.Sources)}
	if t.DestinationBinding == "" {
		p.destinations = []model.Identity{t.Destination}
	} else {
		p.destinations = g.bound[model.Key{Namespace: t.Namespace, Name: t.DestinationBinding}].identities
	}
	for _, b := range t.SourceBindings {
		p.sources = append(p.sources, g.bound[b].identities...)
	}
	slices.SortFunc(p.sources, model.Identity.Compare)
	p.sources = slices.Compact(p.sources)
	return p
}

// diagnoseBindings finds the IdentityBindings of a TrafficTarget that stand for
// nobody.
func (g *Graph) diagnoseBindings(t *model.Target) []model.Diagnostic {
	var ds []model.Diagnostic
	tell := func(field string, k model.Key) {
		switch {
		case g.bindings[k] == nil:
			ds = append(ds, unresolved(t.Ref(), model.ReasonBindingNotFound, field,
				fmt.Sprintf("IdentityBinding %s does not exist, is refused, or the feature gate IdentityBinding is off, so it stands for nobody; create or mend it", k)))
		case len(g.bound[k].identities) == 0:
			ds = append(ds, unresolved(t.Ref(), model.ReasonBindingNotFound, field,
				fmt.Sprintf("IdentityBinding %s stands for nobody; its conditions say why", k)))
		}
	}
	if t.DestinationBinding != "" {
		tell("spec.destination.name", model.Key{Namespace: t.Namespace, Name: t.DestinationBinding})
	}
	for _, k := range t.SourceBindings {
		tell("spec.sources", k)
	}
	return ds
}
