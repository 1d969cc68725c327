package resolve

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// httpRules is what is known of TrafficTargets whose HTTPRouteGroups can open
// nothing, as no port that they speak of is HTTP.
type httpRules struct {
	// idle are these targets, and looking those to look at before the change is
	// over.
	idle, looking set[model.Key]
	// warnings are what is said of it to the Services in front of them.
	warnings map[model.Key][]model.Diagnostic
	// touched are Services whose warnings may be others.
	touched set[model.Key]
}

// targetsDirty marks the TrafficTargets of which identities are the destination:
// other Services are in front of them, or other ports.
func (g *Graph) targetsDirty(ids []model.Identity, d *Dirty) {
	for _, id := range ids {
		for t := range g.index.targetsOf[id] {
			d.Objects.add(model.Ref{Kind: model.KindTrafficTarget, Key: t})
			g.rules.looking.add(t)
		}
	}
}

// settleRules finds the Services that are to be told something else than before.
func (g *Graph) settleRules(d *Dirty) {
	looking := g.rules.looking
	g.rules.looking = nil
	for t := range looking {
		_, is := g.idlePort(g.targets[t])
		if is {
			g.rules.idle.add(t)
		}
		if is || g.rules.idle.has(t) {
			g.touchServers(t)
		}
		if !is {
			delete(g.rules.idle, t)
		}
	}
	touched := g.rules.touched
	g.rules.touched = nil
	for k := range touched {
		now := g.diagnosePorts(k)
		if slices.Equal(now, g.rules.warnings[k]) {
			continue
		}
		d.Objects.add(model.Ref{Kind: model.KindService, Key: k})
		if len(now) > 0 {
			g.rules.warnings[k] = now
		} else {
			delete(g.rules.warnings, k)
		}
	}
}

// touchServers marks the Services in front of a target's destinations.
func (g *Graph) touchServers(t model.Key) {
	for _, id := range g.parties[t].destinations {
		for k := range g.ownServices(id) {
			g.rules.touched.add(k)
		}
	}
}

// touch marks a Service that has changed itself.
func (g *Graph) touch(k model.Key) {
	if len(g.rules.idle)+len(g.rules.looking)+len(g.rules.warnings) > 0 {
		g.rules.touched.add(k)
	}
}

// ownServices are the Services in front of an identity that can say what is spoken
// there: those of its namespace.
func (g *Graph) ownServices(id model.Identity) iter.Seq[model.Key] {
	return func(yield func(model.Key) bool) {
		for k := range g.index.servicesBy[id] {
			if k.Namespace == id.Namespace && !yield(k) {
				return
			}
		}
	}
}

// frontPort is a TCP port of a Service in front of some identity.
type frontPort struct {
	service *model.Service
	port    model.Port
}

// idlePort finds a port that the HTTPRouteGroups of a target can't judge, though
// they speak of it, where there is none that they can; the first by name.
func (g *Graph) idlePort(t *model.Target) (frontPort, bool) {
	var found []frontPort
	if t == nil {
		return frontPort{}, false
	}
	gr := g.portGrant(t)
	if !gr.http {
		return frontPort{}, false
	}
	for _, id := range g.parties[t.Key].destinations {
		for k := range g.ownServices(id) {
			s := g.services[k]
			if s == nil {
				continue
			}
			for _, p := range s.Ports {
				switch {
				case isUDP(p) || !g.speaksOf(gr, k, p):
				case isTCP(p):
					found = append(found, frontPort{s, p})
				default:
					return frontPort{}, false
				}
			}
		}
	}
	if len(found) == 0 {
		return frontPort{}, false
	}
	return slices.MinFunc(found, func(a, b frontPort) int {
		return cmp.Or(a.service.Compare(b.service.Key), cmp.Compare(a.port.Number, b.port.Number), cmp.Compare(a.port.Name, b.port.Name))
	}), true
}

// speaksOf tells that the HTTPRouteGroups of a target are for a port of a
// Service.
func (g *Graph) speaksOf(gr grant, k model.Key, p model.Port) bool {
	if gr.only == 0 && (!gr.tcp.named || gr.tcp.all) {
		return true
	}
	return slices.ContainsFunc(g.podPorts(k, p), func(n uint16) bool {
		return gr.names(n)
	})
}

// diagnoseHTTPRules finds a TrafficTarget whose HTTPRouteGroups can open nothing.
// Most often somebody declared an HTTP port TCP.
func (g *Graph) diagnoseHTTPRules(t *model.Target) []model.Diagnostic {
	idle, ok := g.idlePort(t)
	if !ok {
		return nil
	}
	i := slices.IndexFunc(t.Rules, func(r model.TargetRule) bool { return r.Kind == model.KindHTTPRouteGroup })
	return []model.Diagnostic{{
		Object: t.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonNotApplicable, Field: fmt.Sprintf("spec.rules[%d]", t.Rules[i].At),
		Message: fmt.Sprintf("no port that it speaks of is HTTP, so an HTTPRouteGroup opens nothing: port %d of Service %s %s", idle.port.Number, idle.service.Key, g.whyTCP(idle)),
	}}
}

// whyTCP says why a port is TCP, and the mend.
func (g *Graph) whyTCP(f frontPort) string {
	if !f.port.Undeclared {
		return "is declared TCP; set appProtocol: http, if it serves HTTP"
	}
	return "is TCP as it declares nothing and a TCPRoute names it; set appProtocol: http, if it serves HTTP"
}

// diagnosePorts finds the ports of a Service that only HTTPRouteGroups speak of,
// which can't judge them.
func (g *Graph) diagnosePorts(k model.Key) []model.Diagnostic {
	s := g.services[k]
	if s == nil || len(g.rules.idle) == 0 {
		return nil
	}
	var ds []model.Diagnostic
	for _, p := range s.Ports {
		if !isTCP(p) {
			continue
		}
		targets := set[model.Key]{}
		for _, id := range g.facts[k].identities {
			for t := range g.index.targetsOf[id] {
				if id.Namespace == k.Namespace && g.rules.idle.has(t) && g.speaksOf(g.portGrant(g.targets[t]), k, p) {
					targets.add(t)
				}
			}
		}
		t, ok := first(targets)
		if !ok {
			continue
		}
		ds = append(ds, model.Diagnostic{
			Object: s.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonNotApplicable, Field: "spec.ports",
			Message: fmt.Sprintf("the HTTPRouteGroups of TrafficTarget %s can't judge what is sent to port %d: it %s", t, p.Number, g.whyTCP(frontPort{s, p})),
		})
	}
	return ds
}
