package xds

import (
	"maps"
	"testing"
	"time"
)

// again connects a proxy anew with what it has.
func (w *world) again(old *proxy, token string) *proxy {
	w.t.Helper()
	old.conn.Close()
	p := w.connect(token)
	p.state = old.state
	return p
}

// Trap 62: a new controller sends nothing that the proxy has.
// Trap 68: versions are content, the same on every replica.
func TestReconnectSendsNothingThatIsKnown(t *testing.T) {
	s := snap("a b", "a#1 b#1", "in", "s1 s2", "out")
	w := newWorld(t, s)
	p := w.again(w.start("shop/web-1/web"), "shop/web-1/web")
	p.resume(Cluster, p.state[Cluster])
	p.resume(Endpoint, p.state[Endpoint], "a#1", "b#1")
	p.resume(Listener, p.state[Listener])
	p.resume(ScopedRoute, p.state[ScopedRoute])
	p.resume(Route, p.state[Route], "in")
	p.awaitSynced(s)
	p.quiet()
}

func TestReconnectSendsWhatChangedMeanwhile(t *testing.T) {
	w := newWorld(t, snap("a b", "a#1 b#1", "in gone", "s1 s2", "out old"))
	first := w.start("shop/web-1/web")
	next := snap("a=2 c", "a#1=2 c#1", "in=2", "s2 s3", "out=2")
	w.fleet.publish(next)
	p := w.again(first, "shop/web-1/web")
	p.resume(Cluster, p.state[Cluster], wildcard)
	cds := p.expect("CDS +a +c")
	p.resume(Listener, p.state[Listener])
	p.resume(ScopedRoute, p.state[ScopedRoute])
	p.resume(Route, p.state[Route], "in", "gone")
	p.quiet()
	p.resume(Endpoint, p.state[Endpoint], "a#1", "b#1", "c#1")
	p.expectACK("EDS +a#1 +c#1")
	p.ack(cds)
	p.expectACK("RDS +in")
	p.expectACK("SRDS +s3")
	p.expectACK("LDS +out -old")
	p.expectACK("SRDS -s1")
	p.expectACK("RDS -gone")
	p.expectACK("CDS -b")
	p.expectACK("EDS -b#1")
	p.awaitSynced(next)
	for typ := Cluster; typ <= Listener; typ++ {
		if want := versions(next.Set(typ)); !maps.Equal(p.state[typ], want) {
			t.Errorf("%v: the proxy has %v, want %v", typ, p.state[typ], want)
		}
	}
}

func versions(s *Set) map[string]string {
	out := map[string]string{}
	for _, name := range s.Names() {
		out[name] = s.Get(name).Version
	}
	return out
}

func TestReconnectRemovesClustersAfterTheRoutesToThem(t *testing.T) {
	w := newWorld(t, snap("a b", "", "", "s1 s2", "out"))
	first := w.start("shop/web-1/web")
	next := snap("a", "", "", "s1", "out")
	w.fleet.publish(next)
	p := w.again(first, "shop/web-1/web")
	p.resume(Cluster, p.state[Cluster])
	p.quiet() // the routes to b are still there
	p.resume(Listener, p.state[Listener])
	p.quiet()
	p.resume(ScopedRoute, p.state[ScopedRoute])
	p.expectACK("SRDS -s2")
	p.expectACK("CDS -b")
	p.awaitSynced(next)
}

func TestConnectionsEndByAge(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", ""), func(o *Options) {
		o.MaxConnectionAge, o.grace = 20*time.Millisecond, time.Millisecond
	})
	for range 2 {
		p := w.connect("shop/web-1/web")
		p.subscribe(Cluster)
		if err := <-p.failed; err == nil {
			t.Error("the stream ended without a reason")
		}
		<-p.member.gone
	}
}
