package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/model/modeltest"
)

// clock is a time that tests move.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func newEngine() (*Engine, *clock) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	return New(Options{Now: c.now}), c
}

// drain flushes until nothing waits.
func drain(e *Engine, c *clock) {
	for next := e.flush(); next > 0; next = e.flush() {
		c.Time = c.Add(next)
	}
}

func connect(t *testing.T, e *Engine, pod model.Key, id model.Identity) xds.Member {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it is known, or it is not: nobody waits here
	m, err := e.Connect(ctx, identity.Peer{Pod: pod, ServiceAccount: id})
	if err != nil {
		return nil
	}
	return m
}

// versions is all that a snapshot holds, by type and name.
func versions(s *xds.Snapshot) map[string]string {
	out := map[string]string{}
	for _, t := range []xds.Type{xds.Cluster, xds.Endpoint, xds.Route, xds.ScopedRoute, xds.Listener} {
		for _, name := range s.Set(t).Names() {
			out[t.String()+" "+name] = s.Set(t).Get(name).Version
		}
	}
	return out
}

func difference(got, want map[string]string) string {
	for k, v := range want {
		if got[k] != v {
			return fmt.Sprintf("%s: got %q, want %q", k, got[k], v)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			return k + " is left over"
		}
	}
	return ""
}

// TestIncrementalIsFull: after any history, with proxies connected all the
// while, each runs what a controller would give it that had just started.
// Trap 62: a controller that has just started sends what the one before it sent.
// Trap 68: so does each replica.
func TestIncrementalIsFull(t *testing.T) {
	for seed := range uint64(25) {
		w := modeltest.New(seed, 3)
		e, c := newEngine()
		e.Synced()
		left := map[model.Ref]model.Fragment{}
		members := map[model.Key]xds.Member{}
		for range 200 {
			f := w.Fragment()
			if w.IntN(4) == 0 {
				e.Delete(f.Ref())
				delete(left, f.Ref())
			} else {
				e.Put(f)
				left[f.Ref()] = f
			}
			if w.IntN(3) == 0 {
				c.Time = c.Add(time.Duration(w.IntN(150)) * time.Millisecond)
				e.flush()
			}
			if p, ok := f.(*model.Pod); ok && members[p.Key] == nil {
				if m := connect(t, e, p.Key, p.Identity); m != nil {
					members[p.Key] = m
				}
			}
		}
		drain(e, c)
		fresh, c2 := newEngine()
		for _, f := range left {
			fresh.Put(f)
		}
		fresh.Synced()
		drain(fresh, c2)
		compared := 0
		for pod, m := range members {
			p, ok := left[model.Ref{Kind: model.KindPod, Key: pod}].(*model.Pod)
			if !ok || !p.Meshed {
				continue
			}
			want := connect(t, fresh, pod, p.Identity)
			if d := difference(versions(m.Snapshot()), versions(want.Snapshot())); d != "" {
				t.Fatalf("seed %d, pod %s: %s", seed, pod, d)
			}
			compared++
		}
		if compared == 0 {
			t.Logf("seed %d left no pod to compare", seed)
		}
	}
}

// TestTrustDomainIsEverywhere: a mesh that gets another runs what one does that
// always had it.
func TestTrustDomainIsEverywhere(t *testing.T) {
	run := func(first string) map[string]string {
		e, c := newEngine()
		web := model.Identity(shop("web"))
		e.Put(&model.Mesh{TrustDomain: first})
		e.Put(&model.Pod{Key: shop("web-1"), Addresses: []netip.Addr{netip.MustParseAddr("198.18.0.1")}, Identity: web, Meshed: true})
		e.Put(&model.Service{Key: shop("web"), Addresses: []netip.Addr{netip.MustParseAddr("198.19.0.1")}, Ports: []model.Port{{Name: "http", Number: 80, Protocol: model.ProtocolHTTP}}})
		s := endpoints("web", netip.MustParseAddr("198.18.0.1"))
		s.Endpoints[0].Pod = shop("web-1")
		e.Put(s)
		e.Put(&model.RouteGroup{Key: shop("all"), Matches: []model.NamedMatch{{Name: "all"}}})
		e.Put(&model.Target{Key: shop("web"), Destination: web, Sources: []model.Identity{web}, Rules: []model.TargetRule{{Kind: model.KindHTTPRouteGroup, Name: "all"}}})
		e.Synced()
		drain(e, c)
		m := connect(t, e, shop("web-1"), web)
		e.Put(&model.Mesh{TrustDomain: "corp.example"})
		drain(e, c)
		return versions(m.Snapshot())
	}
	if d := difference(run("cluster.local"), run("corp.example")); d != "" {
		t.Error(d)
	}
}

func shop(name string) model.Key { return model.Key{Namespace: "shop", Name: name} }

// fill puts n Services with a pod each, and lets everybody call everybody.
func fill(e *Engine, n int) {
	e.Put(&model.Mesh{Access: model.AccessPermissive})
	for i := range n {
		name := fmt.Sprintf("svc-%d", i)
		pod := netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
		e.Put(&model.Service{
			Key: shop(name), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{198, 19, byte(i >> 8), byte(i)})},
			Ports: []model.Port{{Name: "http", Number: 80, Protocol: model.ProtocolHTTP}},
		})
		e.Put(&model.Pod{Key: shop(name + "-0"), Addresses: []netip.Addr{pod}, Identity: model.Identity(shop(name)), Meshed: true})
		e.Put(endpoints(name, pod))
	}
}

func endpoints(name string, addrs ...netip.Addr) *model.EndpointSlice {
	s := &model.EndpointSlice{Key: shop(name + "-abc"), Service: shop(name), Ports: []model.TargetPort{{Name: "http", Number: 8080}}}
	for _, a := range addrs {
		s.Endpoints = append(s.Endpoints, model.Address{Addr: a, Serve: true, Pod: shop(name + "-0")})
	}
	return s
}

func weights(a, b uint32) *model.Split {
	return &model.Split{Key: shop("split"), Root: shop("svc-0"), Backends: []model.Backend{{Service: shop("svc-1"), Weight: a}, {Service: shop("svc-2"), Weight: b}}}
}

// TestOneChangeMovesOneResource: a new weight is one scope, and every other
// resource stays the very same.
// Trap 19: no listener and no cluster moves for a weight.
func TestOneChangeMovesOneResource(t *testing.T) {
	e, c := newEngine()
	fill(e, 5)
	e.Put(weights(1, 1))
	e.Synced()
	drain(e, c)
	m := connect(t, e, shop("svc-4-0"), model.Identity(shop("svc-4")))
	before := m.Snapshot()
	c.Time = c.Add(time.Second)
	e.Put(weights(3, 1))
	drain(e, c)
	after := m.Snapshot()
	for _, typ := range []xds.Type{xds.Cluster, xds.Endpoint, xds.Route, xds.Listener} {
		if before.Set(typ) != after.Set(typ) {
			t.Errorf("%s changed by a weight", typ)
		}
	}
	changed := 0
	for _, name := range after.Set(xds.ScopedRoute).Names() {
		if before.Set(xds.ScopedRoute).Get(name) != after.Set(xds.ScopedRoute).Get(name) {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d scopes changed by a weight, want 1", changed)
	}
	select {
	case <-m.Changed():
	default:
		t.Error("the proxy was not told")
	}
}

// TestBurstIsOnePush: what comes within the interval is merged, endpoints go
// out all the same.
// Trap 19: what changes together goes out together.
func TestBurstIsOnePush(t *testing.T) {
	e, c := newEngine()
	fill(e, 5)
	e.Synced()
	drain(e, c)
	m := connect(t, e, shop("svc-4-0"), model.Identity(shop("svc-4")))
	c.Time = c.Add(time.Second)
	e.Put(weights(1, 1))
	if wait := e.flush(); wait != 0 {
		t.Fatalf("a lone change waits for %s", wait)
	}
	first := m.Snapshot()
	for i := range uint32(10) {
		e.Put(weights(i+2, 1))
		if e.flush(); m.Snapshot() != first {
			t.Fatal("a second push within the interval")
		}
	}
	leaving := endpoints("svc-3", netip.MustParseAddr("198.18.0.3"))
	leaving.Endpoints[0].Serve = false
	e.Put(leaving)
	if e.flush(); m.Snapshot().Set(xds.Endpoint) == first.Set(xds.Endpoint) {
		t.Error("endpoints wait for policy")
	}
	c.Time = c.Add(Interval)
	if wait := e.flush(); wait != 0 || m.Snapshot().Set(xds.ScopedRoute) == first.Set(xds.ScopedRoute) {
		t.Errorf("the merged change is not out after the interval (wait %s)", wait)
	}
}

// TestUnknownPodIsNotAnswered, nor anybody before all is known.
// Trap 61: a proxy whose pod is not known waits, and none is answered as somebody else.
// Trap 62: nobody is told anything before everything has been read.
func TestUnknownPodIsNotAnswered(t *testing.T) {
	e, c := newEngine()
	fill(e, 1)
	drain(e, c)
	if connect(t, e, shop("svc-0-0"), model.Identity(shop("svc-0"))) != nil {
		t.Error("a proxy was answered before the caches were full")
	}
	e.Synced()
	drain(e, c)
	if connect(t, e, shop("nobody"), model.Identity(shop("svc-0"))) != nil {
		t.Error("a pod that does not exist was answered")
	}
	if connect(t, e, shop("svc-0-0"), model.Identity(shop("svc-1"))) != nil {
		t.Error("a pod was answered as another service account")
	}
	if connect(t, e, shop("svc-0-0"), model.Identity(shop("svc-0"))) == nil {
		t.Error("a known pod was not answered")
	}
}

// TestProgrammed: an object is in force when every proxy that needs it says so.
// Trap 63: a refusal shows in the status of the object.
func TestProgrammed(t *testing.T) {
	ref := model.Ref{Kind: model.KindTrafficSplit, Key: shop("split")}
	told := map[model.Ref]int{}
	e, c := newEngine()
	e.statusChanged = func(r model.Ref) { told[r]++ }
	fill(e, 5)
	e.Synced()
	drain(e, c)
	var members []xds.Member
	for i := range 3 {
		m := connect(t, e, shop(fmt.Sprintf("svc-%d-0", i)), model.Identity(shop(fmt.Sprintf("svc-%d", i))))
		m.Synced(m.Snapshot())
		members = append(members, m)
	}
	young := connect(t, e, shop("svc-3-0"), model.Identity(shop("svc-3"))) // never synced: it serves nobody yet
	c.Time = c.Add(time.Second)
	e.Put(weights(1, 1))
	drain(e, c)
	for i, m := range members {
		if s := e.Status(ref); s.Needed != 3 || s.Acked != i {
			t.Errorf("after %d acknowledgements: %d of %d", i, s.Acked, s.Needed)
		}
		m.Synced(m.Snapshot())
	}
	e.tell()
	if s := e.Status(ref); !s.Programmed() || s.Needed != 3 {
		t.Errorf("after all: %d of %d", s.Acked, s.Needed)
	}
	if told[ref] == 0 {
		t.Error("nobody was told that the split is in force")
	}
	young.Synced(young.Snapshot())
	e.Put(weights(2, 1))
	drain(e, c)
	scope := members[0].Snapshot().Set(xds.ScopedRoute)
	members[0].Rejected(xds.ScopedRoute, scope.Get(scope.Names()[0]), "bad regex")
	if s := e.Status(ref); s.Programmed() || len(s.Rejected) != 1 {
		t.Errorf("a refusal does not show: %+v", s)
	}
	for _, m := range members[1:] {
		m.Close()
	}
	young.Close()
	if s := e.Status(ref); s.Needed != 1 {
		t.Errorf("proxies that went are still waited for: %d", s.Needed)
	}
}

// TestSettled: what is said of all proxies is said when they have had time to
// connect.
func TestSettled(t *testing.T) {
	e, c := newEngine()
	if e.Settled() {
		t.Error("settled before anything is known")
	}
	e.Synced()
	if e.Settled() {
		t.Error("settled before any proxy could connect")
	}
	c.Time = c.Add(settling)
	if !e.Settled() {
		t.Error("never settled")
	}
}

// TestDirectGivesWay: an address that was asked for, because it could not be
// called, has a cluster in the snapshot once it can; and is not answered any more
// once routes lead there: what was opened to it must not dodge a split for ever.
func TestDirectGivesWay(t *testing.T) {
	e, c := newEngine()
	fill(e, 2)
	e.Put(&model.Mesh{Access: model.AccessEnforcing})
	speaking := func(p model.Protocol) {
		e.Put(&model.Service{
			Key: shop("svc-0"), Addresses: []netip.Addr{netip.MustParseAddr("198.19.0.0")},
			Ports: []model.Port{{Name: "http", Number: 80, Protocol: p}},
		})
	}
	speaking(model.ProtocolTCP)
	e.Synced()
	drain(e, c)
	m := connect(t, e, shop("svc-1-0"), model.Identity(shop("svc-1")))
	name := "direct|198.19.0.0:80"
	if m.OnDemand(name) == nil || m.Snapshot().Set(xds.Cluster).Get(name) != nil {
		t.Fatal("a Service that may not be called is not answered for alone")
	}
	e.Put(&model.PortRoute{Kind: model.KindTCPRoute, Key: shop("all")})
	e.Put(&model.Target{
		Key: shop("t"), Destination: model.Identity(shop("svc-0")), Sources: []model.Identity{model.Identity(shop("svc-1"))},
		Rules: []model.TargetRule{{Kind: model.KindTCPRoute, Name: "all"}},
	})
	drain(e, c)
	if m.Snapshot().Set(xds.Cluster).Get(name) == nil {
		t.Error("a Service that may be called has no cluster")
	}
	e.Delete(model.Ref{Kind: model.KindTrafficTarget, Key: shop("t")})
	drain(e, c)
	if m.OnDemand(name) == nil || m.Snapshot().Set(xds.Cluster).Get(name) != nil {
		t.Error("a Service that may be called no longer is not answered for alone again")
	}
	speaking(model.ProtocolHTTP)
	drain(e, c)
	if m.OnDemand(name) != nil {
		t.Error("a Service that has routes now is still answered for by address")
	}
	if m.OnDemand("direct|nonsense") != nil || m.OnDemand("outbound|shop/svc-0|80") != nil {
		t.Error("a name that is no address is answered for")
	}
}

// BenchmarkWeight is one new weight among n Services: the cost of a canary's step.
func BenchmarkWeight(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		b.Run(fmt.Sprintf("services=%d", n), func(b *testing.B) {
			e, c := newEngine()
			fill(e, n)
			e.Synced()
			drain(e, c)
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			if _, err := e.Connect(ctx, identity.Peer{Pod: shop("svc-1-0"), ServiceAccount: model.Identity(shop("svc-1"))}); err != nil {
				b.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 1))
			b.ReportAllocs()
			for b.Loop() {
				c.Time = c.Add(time.Second)
				e.Put(weights(1+r.Uint32N(1000), 1+r.Uint32N(1000)))
				e.flush()
			}
		})
	}
}
