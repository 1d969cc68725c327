package xds

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
)

// history drives a proxy that behaves as Envoy does through random snapshots,
// late answers, refusals and reconnects. A scope names a cluster, a cluster
// names its endpoints.
type history struct {
	t    *testing.T
	rand *rand.Rand
	w    *world
	p    *proxy
	last *Snapshot
	// refuses tells whether some resources are bad.
	refuses bool
	held    []*discoveryv3.DeltaDiscoveryResponse // answered later
	scopes  map[string]string                     // scope → cluster, as applied
	eds     map[string]string                     // cluster → its endpoints' name
	demand  map[string]*Resource                  // what can be asked for
	asked   map[string]bool
}

const (
	badVariant = 7
	variants   = 9
)

func (h *history) snapshot() *Snapshot {
	words := map[Type]map[string]bool{Cluster: {}, Endpoint: {}, Route: {}, ScopedRoute: {}, Listener: {}}
	chosen := map[int]int{}
	cluster := func(i int) {
		if _, ok := chosen[i]; !ok {
			chosen[i] = h.variant()
			words[Cluster][fmt.Sprintf("c%d=%d", i, chosen[i])] = true
			words[Endpoint][fmt.Sprintf("c%d#%d=%d", i, chosen[i], h.rand.IntN(3))] = true
		}
	}
	for i := range 5 {
		if h.rand.IntN(3) > 0 {
			v := h.variant()
			words[ScopedRoute][fmt.Sprintf("s%d=%d", i, v)] = true
			cluster((i + v) % 6)
		}
		if h.rand.IntN(3) == 0 {
			cluster(h.rand.IntN(6))
		}
		if h.rand.IntN(2) == 0 {
			words[Listener][fmt.Sprintf("l%d=%d", i, h.variant())] = true
		}
	}
	words[Route][fmt.Sprintf("in=%d", h.variant())] = true
	sets := map[Type]*Set{}
	for t, ws := range words {
		sets[t] = set(t, slices.Sorted(maps.Keys(ws))...)
	}
	return NewSnapshot(sets)
}

func (h *history) variant() int {
	v := h.rand.IntN(variants)
	if v == badVariant && !h.refuses {
		return 0
	}
	return v
}

// connect starts a stream with all that the proxy has.
func (h *history) connect() {
	if h.p != nil {
		h.p.conn.Close()
	}
	state := [numTypes]map[string]string{}
	for t := range state {
		state[t] = map[string]string{}
		if h.p != nil {
			state[t] = h.p.state[t]
		}
	}
	h.held = nil
	h.p = h.w.connect("shop/web-1/web")
	h.p.resume(Cluster, state[Cluster], append([]string{wildcard}, slices.Sorted(maps.Keys(h.asked))...)...)
	h.p.resume(Endpoint, state[Endpoint], slices.Sorted(maps.Values(h.eds))...)
	h.p.resume(Listener, state[Listener])
	h.p.resume(ScopedRoute, state[ScopedRoute])
	h.p.resume(Route, state[Route], "in")
}

// take applies a response as Envoy would and answers it, perhaps later.
func (h *history) take(r *discoveryv3.DeltaDiscoveryResponse) {
	h.t.Helper()
	if h.refuses && h.isBad(r) {
		h.p.nack(r, "bad")
		return
	}
	typ, _ := TypeOf(r.GetTypeUrl())
	endpoints := slices.Collect(maps.Values(h.eds))
	for _, res := range r.GetResources() {
		// What was on its way when it was unsubscribed is nobody's.
		if typ != Endpoint || slices.Contains(endpoints, res.GetName()) {
			h.p.state[typ][res.GetName()] = res.GetVersion()
		}
	}
	for _, name := range r.GetRemovedResources() {
		delete(h.p.state[typ], name)
	}
	switch typ {
	case Cluster:
		h.clusters(r)
	case ScopedRoute:
		h.routes(r)
	}
	if h.rand.IntN(3) == 0 {
		h.held = append(h.held, r)
		return
	}
	h.answer(r)
}

// answer acknowledges a response; those of its type before it go first.
func (h *history) answer(r *discoveryv3.DeltaDiscoveryResponse) {
	rest := h.held[:0]
	for _, old := range h.held {
		if old.GetTypeUrl() == r.GetTypeUrl() {
			h.ack(old)
		} else {
			rest = append(rest, old)
		}
	}
	h.held = rest
	h.ack(r)
}

func (h *history) ack(r *discoveryv3.DeltaDiscoveryResponse) {
	h.p.send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: r.GetTypeUrl(), ResponseNonce: r.GetNonce()})
}

func (h *history) isBad(r *discoveryv3.DeltaDiscoveryResponse) bool {
	for _, res := range r.GetResources() {
		body := string(res.GetResource().GetValue())
		if strings.Contains(body, fmt.Sprint("v", badVariant)) {
			return true
		}
	}
	return false
}

// clusters asks for the endpoints of new clusters and forgets those of old ones.
func (h *history) clusters(r *discoveryv3.DeltaDiscoveryResponse) {
	h.t.Helper()
	for _, res := range r.GetResources() {
		var c clusterv3.Cluster
		if err := res.GetResource().UnmarshalTo(&c); err != nil {
			h.t.Fatal(err)
		}
		if strings.HasPrefix(c.GetName(), "direct") {
			continue
		}
		name := c.GetName() + "#" + strings.TrimPrefix(c.GetAltStatName(), "v")
		old := h.eds[c.GetName()]
		h.eds[c.GetName()] = name
		if old != name {
			h.p.subscribe(Endpoint, name)
			h.forget(old)
		}
	}
	for _, name := range r.GetRemovedResources() {
		for scope, cluster := range h.scopes {
			if cluster == name && !h.refuses {
				h.t.Fatalf("cluster %s was removed while %s names it", name, scope)
			}
		}
		h.forget(h.eds[name])
		delete(h.eds, name)
	}
}

func (h *history) forget(eds string) {
	if eds != "" {
		delete(h.p.state[Endpoint], eds)
		h.p.unsubscribe(Endpoint, eds)
	}
}

// routes checks that what a scope names is there.
func (h *history) routes(r *discoveryv3.DeltaDiscoveryResponse) {
	h.t.Helper()
	for _, name := range r.GetRemovedResources() {
		delete(h.scopes, name)
	}
	for _, res := range r.GetResources() {
		var s routev3.ScopedRouteConfiguration
		if err := res.GetResource().UnmarshalTo(&s); err != nil {
			h.t.Fatal(err)
		}
		var i, v int
		fmt.Sscanf(s.GetName()+s.GetRouteConfigurationName(), "s%dv%d", &i, &v)
		cluster := fmt.Sprint("c", (i+v)%6)
		if _, ok := h.p.state[Cluster][cluster]; !ok && !h.refuses {
			h.t.Fatalf("scope %s came before its cluster %s", s.GetName(), cluster)
		}
		h.scopes[s.GetName()] = cluster
	}
}

// settle answers everything until nothing more comes.
func (h *history) settle() {
	h.t.Helper()
	for {
		for _, r := range h.held {
			h.ack(r)
		}
		h.held = nil
		h.p.barriers++
		barrier := fmt.Sprint("barrier-", h.p.barriers)
		h.p.subscribe(Secret, barrier)
		came := 0
		for {
			r := h.p.next()
			if brief(r) == "SDS -"+barrier {
				break
			}
			came++
			if typ, _ := TypeOf(r.GetTypeUrl()); typ != Secret {
				h.take(r)
			}
		}
		if came == 0 && len(h.held) == 0 {
			return
		}
	}
}

// poll takes what has come, without waiting.
func (h *history) poll() {
	h.t.Helper()
	for {
		select {
		case r := <-h.p.got:
			h.take(r)
		default:
			return
		}
	}
}

func (h *history) onDemand() {
	name := fmt.Sprint("direct|", h.rand.IntN(4))
	if h.rand.IntN(2) == 0 {
		h.demand[name] = nil
		if h.rand.IntN(3) > 0 {
			h.demand[name] = get(Cluster, fmt.Sprintf("%s=%d", name, h.rand.IntN(badVariant)))
		}
		h.w.fleet.resolve(name, h.demand[name])
		return
	}
	if h.asked[name] {
		delete(h.asked, name)
		h.p.unsubscribe(Cluster, name)
		return
	}
	h.asked[name] = true
	h.p.subscribe(Cluster, name)
}

func (h *history) run() {
	h.connect()
	for range 30 {
		switch n := h.rand.IntN(20); {
		case n < 8:
			h.last = h.snapshot()
			h.w.fleet.publish(h.last)
		case n < 11:
			h.onDemand()
		case n < 12:
			h.connect()
		case n < 15 && len(h.held) > 0:
			r := h.held[len(h.held)-1]
			h.held = h.held[:len(h.held)-1]
			h.answer(r)
		case n < 17:
			h.settle()
		default:
			h.poll()
		}
	}
	h.last = h.snapshot()
	h.w.publish(h.p, h.last)
	h.settle()
}

// check compares what the proxy has with the last snapshot.
func (h *history) check() {
	h.t.Helper()
	for typ := Cluster; typ <= Listener; typ++ {
		want := versions(h.last.Set(typ))
		for name := range h.asked {
			if r := h.demand[name]; typ == Cluster && r != nil {
				want[name] = r.Version
			}
		}
		got := maps.Clone(h.p.state[typ])
		if h.refuses {
			// What is bad, or hangs on what is bad, keeps an older version or none.
			for name := range want {
				if h.refusedName(typ, name) {
					delete(want, name)
					delete(got, name)
				}
			}
			if typ == Endpoint {
				continue // They follow the clusters, which may be older.
			}
		}
		if !maps.Equal(got, want) {
			h.t.Fatalf("%v: the proxy has %v, want %v", typ, got, want)
		}
	}
}

func (h *history) refusedName(typ Type, name string) bool {
	r := h.last.Set(typ).Get(name)
	return r != nil && strings.Contains(string(r.wire), fmt.Sprint("v", badVariant))
}

func newHistory(t *testing.T, seed uint64, refuses bool) *history {
	h := &history{
		t: t, rand: rand.New(rand.NewPCG(seed, 1)), refuses: refuses, scopes: map[string]string{}, eds: map[string]string{},
		demand: map[string]*Resource{}, asked: map[string]bool{},
	}
	h.last = h.snapshot()
	h.w = newWorld(t, h.last)
	return h
}

func TestRandomHistories(t *testing.T) {
	for seed := range uint64(70) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := newHistory(t, seed, false)
			h.run()
			h.check()
			h.p.awaitSynced(h.last)
		})
	}
}

func TestRandomHistoriesWithRefusals(t *testing.T) {
	for seed := range uint64(70) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := newHistory(t, seed, true)
			h.run()
			h.check()
		})
	}
}
