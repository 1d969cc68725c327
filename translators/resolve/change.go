package resolve

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/weft-mesh/weft/translators/model"
)

// Put takes a fragment in, in place of an earlier one of the same object, and
// says what that makes dirty. The same fragment again makes nothing dirty.
func (g *Graph) Put(f model.Fragment) *Dirty {
	d := NewDirty()
	if old := g.Fragment(f.Ref()); old != nil && model.Equal(old, f) {
		return d
	}
	switch f := f.(type) {
	case *model.Mesh:
		g.config = f
		g.setMesh(*f, d)
	case *model.Namespace:
		g.changeNamespace(f.Name, f, d)
	case *model.Service:
		g.changeService(f.Key, f, d)
	case *model.EndpointSlice:
		g.changeSlice(f.Key, f, d)
	case *model.Pod:
		g.changePod(f.Key, f, d)
	case *model.Split:
		g.changeSplit(f.Key, f, d)
	case *model.RouteGroup:
		g.groups[f.Key] = f
		g.routeChanged(f.Ref(), d)
	case *model.PortRoute:
		g.routes[f.Ref()] = f
		g.routeChanged(f.Ref(), d)
	case *model.Target:
		g.changeTarget(f.Key, f, d)
	case *model.IdentityBinding:
		g.changeBinding(f.Key, f, d)
	}
	g.settle(d)
	return d
}

// Delete forgets an object and says what that makes dirty.
func (g *Graph) Delete(r model.Ref) *Dirty {
	d := NewDirty()
	if g.Fragment(r) == nil {
		return d
	}
	switch r.Kind {
	case model.KindMeshConfig:
		g.config = nil
		g.setMesh(model.Mesh{Name: r.Name}, d)
	case model.KindNamespace:
		g.changeNamespace(r.Name, nil, d)
	case model.KindService:
		g.changeService(r.Key, nil, d)
	case model.KindEndpointSlice:
		g.changeSlice(r.Key, nil, d)
	case model.KindPod:
		g.changePod(r.Key, nil, d)
	case model.KindTrafficSplit:
		g.changeSplit(r.Key, nil, d)
	case model.KindHTTPRouteGroup:
		delete(g.groups, r.Key)
		g.routeChanged(r, d)
	case model.KindTCPRoute, model.KindUDPRoute:
		delete(g.routes, r)
		g.routeChanged(r, d)
	case model.KindTrafficTarget:
		g.changeTarget(r.Key, nil, d)
	case model.KindIdentityBinding:
		g.changeBinding(r.Key, nil, d)
	}
	g.settle(d)
	return d
}

func (g *Graph) setMesh(next model.Mesh, d *Dirty) {
	d.Objects.add(next.Ref())
	base := defaultMesh()
	if next.TrustDomain == "" {
		next.TrustDomain = base.TrustDomain
	}
	if next.Access == model.AccessUnset {
		next.Access = base.Access
	}
	if next.Egress == "" {
		next.Egress = base.Egress
	}
	next.Headers = next.Headers.OrDefault()
	if next.DefaultProtocol == "" {
		next.DefaultProtocol = base.DefaultProtocol
	}
	if next == g.mesh {
		return
	}
	g.mesh = next
	g.reaches.forget()
	d.Everything = true
	g.allSharesDirty(d)
	for namespace := range g.undeclared.in {
		g.unsettleDefaults(namespace)
	}
	for name, n := range g.namespaces {
		if n.Leaving {
			g.respeakNamespace(name, d)
		}
	}
	for k := range g.bindings {
		g.refreshBinding(k, d) // its SPIFFE IDs name the trust domain
	}
}

func (g *Graph) changeNamespace(name string, f *model.Namespace, d *Dirty) {
	access, mtls, protocol, leaving := g.access(name), g.mtls(name), g.defaultProtocol(name), g.leaving(name)
	if f == nil {
		delete(g.namespaces, name)
	} else {
		g.namespaces[name] = f
	}
	if g.access(name) != access {
		g.reaches.forget()
		g.accessDirty(name, d)
	}
	if g.access(name) != access || g.mtls(name) != mtls {
		d.Namespaces.add(name)
	}
	if g.defaultProtocol(name) != protocol {
		g.unsettleDefaults(name)
	}
	if g.leaving(name) != leaving {
		g.respeakNamespace(name, d)
	}
}

// accessDirty marks whom it concerns that the access mode of a namespace has
// changed: who sees the Services in front of its pods, and what those who may
// call these by a TrafficTarget may call beyond what all may.
func (g *Graph) accessDirty(namespace string, d *Dirty) {
	for id := range g.index.serversIn[namespace] {
		for service := range g.ServicesOf(id) {
			d.Audience.add(service)
		}
		g.sharesDirty(id, d)
	}
	for id := range g.index.destinationsIn[namespace] {
		for t := range g.index.targetsOf[id] {
			d.Outbound.add(g.parties[t].sources...)
		}
	}
}

func (g *Graph) changeService(k model.Key, f *model.Service, d *Dirty) {
	g.note(k, f)
	if f != nil {
		f = g.decided(f)
	}
	g.placeService(k, f, d)
}

// placeService takes in a Service with what its ports speak.
func (g *Graph) placeService(k model.Key, f *model.Service, d *Dirty) {
	wasIPv6, here := g.ipv6(), set[model.Key]{}
	if old := g.services[k]; old != nil {
		g.indexAddresses(old, false, here, d)
		g.indexUDP(old, false, d)
		delete(g.services, k)
	}
	if f != nil {
		g.services[k] = f
		g.indexAddresses(f, true, here, d)
		g.indexUDP(f, true, d)
	}
	here.add(k)
	g.respeak(d, slices.Collect(maps.Keys(here))...)
	if g.ipv6() != wasIPv6 {
		d.AllInbound, d.Listener = true, true
	}
	g.audienceDirty(k, d)
	g.serviceDirty(k, d)
	g.targetsDirty(g.facts[k].identities, d)
	g.touch(k)
	for s := range g.index.slicesOf[k] {
		g.podsDirty(g.slices[s].Endpoints, d)
	}
}

// indexAddresses notes the addresses of a Service, and who else is there.
func (g *Graph) indexAddresses(s *model.Service, in bool, here set[model.Key], d *Dirty) {
	g.index.ipv6.remove(true, s.Key)
	for _, a := range s.Addresses {
		g.index.servicesAt.put(a, s.Key, in)
		d.Addresses.add(a)
		if a.Is6() {
			g.index.ipv6.put(true, s.Key, in)
		}
		for o := range g.index.servicesAt[a] {
			d.Services.add(o) // it may own the address now, or no longer
			here.add(o)
		}
		if g.spoken.putAddress(a, len(g.index.servicesAt[a]) > 0) {
			d.Listener = true
		}
	}
}

// serviceDirty marks a Service and the roots of the splits that lead to it, with
// all splits of each: what one leads to is said of the others.
func (g *Graph) serviceDirty(k model.Key, d *Dirty) {
	for base := range g.bases(k) {
		d.Services.add(base)
		for s := range g.index.splitsOf[base] {
			d.Objects.add(g.splits[s].Ref())
		}
	}
}

// podsDirty marks the pods behind endpoints.
func (g *Graph) podsDirty(as []model.Address, d *Dirty) {
	for _, a := range as {
		if named(a) {
			d.Pods.add(a.Pod)
			continue
		}
		for k := range g.index.podsAt[a.Addr] {
			d.Pods.add(k)
		}
	}
}

func (g *Graph) changeSlice(k model.Key, f *model.EndpointSlice, d *Dirty) {
	old := g.slices[k]
	was, is := apart(old, f)
	g.indexSlice(old, was, false)
	delete(g.slices, k)
	if f != nil {
		g.slices[k] = f
		g.indexSlice(f, f.Endpoints, true) // a pod may be in it twice
	}
	g.podsDirty(was, d)
	g.podsDirty(is, d)
	if old != nil && (f == nil || f.Service != old.Service) {
		g.endpointsDirty(old.Service, d)
	}
	if f != nil {
		g.endpointsDirty(f.Service, d)
	}
	if old == nil || f == nil || old.Service != f.Service || !slices.Equal(old.Ports, f.Ports) {
		for _, s := range []*model.EndpointSlice{old, f} {
			if s != nil {
				g.podPortsChanged(d, s.Service)
			}
		}
	}
}

// podPortsChanged marks what follows from where the ports of a Service lead in its
// pods: which of them a policy names.
func (g *Graph) podPortsChanged(d *Dirty, k model.Key) {
	g.unsettle(k)
	g.targetsDirty(g.facts[k].identities, d)
	g.touch(k)
}

// apart are the endpoints of two versions of a slice without those that they
// begin and end with alike, as far as their pods are concerned; all of them where
// the slices differ in more. nil has none.
func apart(old, now *model.EndpointSlice) (was, is []model.Address) {
	switch {
	case old == nil && now == nil:
		return nil, nil
	case old == nil:
		return nil, now.Endpoints
	case now == nil:
		return old.Endpoints, nil
	case old.Service != now.Service || !slices.Equal(old.Ports, now.Ports):
		return old.Endpoints, now.Endpoints
	}
	was, is = old.Endpoints, now.Endpoints
	for len(was) > 0 && len(is) > 0 && sameEndpoint(was[0], is[0]) {
		was, is = was[1:], is[1:]
	}
	for len(was) > 0 && len(is) > 0 && sameEndpoint(was[len(was)-1], is[len(is)-1]) {
		was, is = was[:len(was)-1], is[:len(is)-1]
	}
	return was, is
}

// indexSlice notes pods of a slice, and whose it is.
func (g *Graph) indexSlice(s *model.EndpointSlice, endpoints []model.Address, in bool) {
	if s == nil {
		return
	}
	g.index.slicesOf.put(s.Service, s.Key, in)
	for _, a := range endpoints {
		if named(a) {
			g.index.slicesWith.put(a.Pod, s.Key, in)
		} else {
			g.index.slicesAt.put(a.Addr, s.Key, in)
		}
	}
}

// endpointsDirty marks the endpoints of a Service and of the TCP splits that
// lead to it; where its facts have changed, all that follows from them.
func (g *Graph) endpointsDirty(k model.Key, d *Dirty) {
	d.Endpoints.add(k)
	for s := range g.index.splitsTo[k] {
		d.Endpoints.add(g.splits[s].Root)
	}
	before := g.facts[k].identities
	if g.refreshFacts(k) {
		g.serviceDirty(k, d)
		g.targetsDirty(before, d)
		g.targetsDirty(g.facts[k].identities, d)
		g.touch(k)
		g.audienceDirty(k, d)
		g.respeak(d, k)
		g.unsettle(k)
		if s := g.services[k]; s != nil {
			d.Addresses.add(s.Addresses...)
		}
	}
}

func (g *Graph) changePod(k model.Key, f *model.Pod, d *Dirty) {
	before, wasIPv6 := len(g.index.podPrefixes), g.ipv6()
	touched := set[model.Key]{}
	if old := g.pods[k]; old != nil {
		g.indexPod(old, false, d)
		g.servicesWith(old, touched)
		delete(g.pods, k)
	}
	fewer := len(g.index.podPrefixes)
	if f != nil {
		g.pods[k] = f
		g.indexPod(f, true, d)
		g.servicesWith(f, touched)
	}
	if g.ipv6() != wasIPv6 {
		d.AllInbound, d.Listener = true, true
	}
	if fewer != before || len(g.index.podPrefixes) != fewer {
		d.Listener = true
	}
	d.Pods.add(k)
	g.rebind(k.Namespace, d)
	for s := range touched {
		g.endpointsDirty(s, d)
		if g.asksPods(s) {
			g.podPortsChanged(d, s)
		}
	}
}

func (g *Graph) indexPod(p *model.Pod, in bool, d *Dirty) {
	g.index.podsIn.put(p.Namespace, p.Key, in && p.Meshed)
	if slices.ContainsFunc(p.Addresses, netip.Addr.Is6) {
		g.index.ipv6Pods += map[bool]int{true: 1, false: -1}[in]
	}
	for _, a := range p.Addresses {
		g.index.podsAt.put(a, p.Key, in)
		d.Addresses.add(a)
		if p.Meshed {
			g.index.podPrefixes.put(podPrefix(a), p.Key, in)
		}
	}
}

func (g *Graph) changeSplit(k model.Key, f *model.Split, d *Dirty) {
	old := g.splits[k]
	weights := old != nil && f != nil && sameLead(old, f)
	if old != nil {
		if !weights {
			g.audienceDirty(old.Root, d)
			g.unsettle(old.Root)
		}
		g.indexSplit(old, false)
		delete(g.splits, k)
		g.splitDirty(old, d)
	}
	if f != nil {
		g.splits[k] = f
		g.indexSplit(f, true)
		g.splitDirty(f, d)
	}
	d.Objects.add(model.Ref{Kind: model.KindTrafficSplit, Key: k})
	if weights {
		return
	}
	for _, s := range []*model.Split{old, f} {
		if s != nil {
			g.audienceDirty(s.Root, d)
			g.respeak(d, s.Root)
			g.unsettle(s.Root)
			d.Services.add(backendNames(s)...)
		}
	}
}

// sameLead tells that two versions of a split lead from one root to the same
// backends, whatever the weights.
func sameLead(a, b *model.Split) bool {
	return a.Root == b.Root && a.Matched == b.Matched && a.Created.Equal(b.Created) && slices.Equal(backendNames(a), backendNames(b))
}

func backendNames(s *model.Split) []model.Key {
	names := make([]model.Key, 0, len(s.Backends))
	for _, b := range s.Backends {
		names = append(names, b.Service)
	}
	return names
}

func (g *Graph) indexSplit(s *model.Split, in bool) {
	g.index.splitsOf.put(s.Root, s.Key, in)
	for _, b := range s.Backends {
		g.index.splitsTo.put(b.Service, s.Key, in)
	}
	for _, m := range s.Matches {
		g.index.splitsWith.put(m, s.Key, in)
	}
}

// splitDirty marks a split's root, and the other splits of that root: one may
// now hold, or be in conflict.
func (g *Graph) splitDirty(s *model.Split, d *Dirty) {
	d.Services.add(s.Root)
	for o := range g.index.splitsOf[s.Root] {
		d.Objects.add(model.Ref{Kind: model.KindTrafficSplit, Key: o})
	}
}

// routeChanged marks the users of an HTTPRouteGroup, TCPRoute or UDPRoute.
func (g *Graph) routeChanged(r model.Ref, d *Dirty) {
	d.Objects.add(r)
	if r.Kind == model.KindHTTPRouteGroup {
		for s := range g.index.splitsWith[r.Key] {
			d.Services.add(g.splits[s].Root)
			d.Objects.add(g.splits[s].Ref())
		}
	}
	for t := range g.index.targetsWith[r] {
		d.Inbound.add(g.parties[t].destinations...)
		d.Objects.add(g.targets[t].Ref())
		if r.Kind == model.KindHTTPRouteGroup {
			continue // that a target names it is enough, whatever it has
		}
		g.rules.looking.add(t)
		for _, id := range g.parties[t].destinations {
			g.unsettleServers(id)
		}
	}
}

func (g *Graph) changeTarget(k model.Key, f *model.Target, d *Dirty) {
	if old := g.targets[k]; old != nil {
		g.indexTarget(old, false)
		delete(g.targets, k)
	}
	if f != nil {
		g.targets[k] = f
		g.indexTarget(f, true)
	}
	g.refreshParties(k, d)
	d.Objects.add(model.Ref{Kind: model.KindTrafficTarget, Key: k})
}

func (g *Graph) indexTarget(t *model.Target, in bool) {
	for _, b := range bindingsOf(t) {
		g.index.targetsBy.put(b, t.Key, in)
	}
	for _, r := range t.Rules {
		g.index.targetsWith.put(model.Ref{Kind: r.Kind, Key: model.Key{Namespace: t.Namespace, Name: r.Name}}, t.Key, in)
	}
}
