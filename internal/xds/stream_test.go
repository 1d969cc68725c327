package xds

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// start brings a proxy up as Envoy does, with an answer to everything.
func (w *world) start(token string) *proxy {
	w.t.Helper()
	p := w.connect(token)
	p.subscribe(Cluster)
	p.ack(p.next())
	if names := w.fleet.snapshot.Set(Endpoint).Names(); len(names) > 0 {
		p.subscribe(Endpoint, names...)
		p.ack(p.next())
	}
	p.subscribe(Listener)
	p.ack(p.next())
	p.subscribe(ScopedRoute)
	p.ack(p.next())
	if names := w.fleet.snapshot.Set(Route).Names(); len(names) > 0 {
		p.subscribe(Route, names...)
		p.ack(p.next())
	}
	p.awaitSynced(w.fleet.snapshot)
	return p
}

func TestFirstSync(t *testing.T) {
	s := snap("a b", "a#1 b#1", "in", "s1 s2", "out")
	w := newWorld(t, s)
	p := w.connect("shop/web-1/web")
	p.subscribe(Cluster)
	cds := p.expect("CDS +a +b")
	p.subscribe(Listener)
	p.quiet() // listeners wait until the clusters are there
	p.subscribe(Endpoint, "a#1", "b#1", "nobody#1")
	p.expectACK("EDS +a#1 +b#1 -nobody#1")
	p.ack(cds)
	p.expectACK("LDS +out")
	p.subscribe(ScopedRoute)
	p.expectACK("SRDS +s1 +s2")
	p.notSynced() // the route was not asked for
	p.subscribe(Route, "in")
	p.expectACK("RDS +in")
	p.awaitSynced(s)
	p.quiet()
}

func TestOnlyWhatChangedIsSent(t *testing.T) {
	w := newWorld(t, snap("a b", "a#1 b#1", "in", "s1 s2", "out"))
	p := w.start("shop/web-1/web")
	p.bytes = 0
	next := snap("a b", "a#1 b#1=2", "in", "s1 s2", "out")
	w.publish(p, next)
	p.expectACK("EDS +b#1")
	p.awaitSynced(next)
	if p.bytes > 200 {
		t.Errorf("%d bytes for one endpoint", p.bytes)
	}
	same := snap("a b", "a#1 b#1=2", "in", "s1 s2", "out")
	w.publish(p, same)
	p.awaitSynced(same)
	p.quiet()
	w.publish(p, snap("a b", "a#1 b#1=2", "in", "s1 s2=2", "out"))
	p.expectACK("SRDS +s2")
	p.quiet()
}

// Trap 63: clusters, routes, listeners, then what is gone.
func TestOrderOfAChange(t *testing.T) {
	w := newWorld(t, snap("a b", "a#1 b#1", "in1", "s1 s2", "out other"))
	p := w.start("shop/web-1/web")
	next := snap("b=2 c", "b#2 c#1", "in2", "s2=2 s3", "out=2")
	w.publish(p, next)
	cds := p.expect("CDS +b +c")
	p.quiet()
	p.subscribe(Endpoint, "b#2", "c#1")
	p.expectACK("EDS +b#2 +c#1")
	p.quiet()
	p.ack(cds)
	srds := p.expect("SRDS +s2 +s3")
	p.quiet()
	p.ack(srds)
	lds := p.expect("LDS +out -other")
	p.quiet()
	p.subscribe(Route, "in2")
	rds := p.expect("RDS +in2")
	p.ack(lds)
	p.quiet()
	p.ack(rds)
	p.expectACK("SRDS -s1")
	p.expectACK("RDS -in1")
	p.expectACK("CDS -a")
	p.expectACK("EDS -a#1 -b#1")
	p.awaitSynced(next)
	p.unsubscribe(Endpoint, "a#1", "b#1")
	p.quiet()
}

// Trap 61: who can not say who it is gets nothing.
func TestRefusedTokens(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	for token, want := range map[string]codes.Code{
		"": codes.Unauthenticated, "nonsense": codes.Unauthenticated, "down": codes.Unavailable,
	} {
		p := w.dial(token)
		if got := status.Code(<-p.failed); got != want {
			t.Errorf("token %q: %v, want %v", token, got, want)
		}
	}
}
