package xds

import (
	"slices"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
)

// Trap 63: the good part of a refused response holds.
func TestRefusedResponseIsSentOneByOne(t *testing.T) {
	w := newWorld(t, snap("a b c", "", "", "", "out"))
	p := w.connect("shop/web-1/web")
	p.subscribe(Cluster)
	p.nack(p.expect("CDS +a +b +c"), "b is bad")
	p.expectACK("CDS +a")
	p.nack(p.expect("CDS +b"), "b is bad")
	p.subscribe(Listener)
	p.expectACK("CDS +c")
	p.expectACK("LDS +out") // stages go on
	if got, want := <-p.member.rejected, "CDS b: b is bad"; got != want {
		t.Errorf("rejected %q, want %q", got, want)
	}
	p.notSynced()
}

func TestRefusedResourceComesAgainOnlyWhenItChanges(t *testing.T) {
	w := newWorld(t, snap("", "", "", "s1 s2", "out"))
	p := w.start("shop/web-1/web")
	w.publish(p, snap("", "", "", "s1=2 s2", "out"))
	p.nack(p.expect("SRDS +s1"), "bad")
	w.publish(p, snap("", "", "", "s1=2 s2=2", "out"))
	p.expectACK("SRDS +s2")
	p.notSynced()
	mended := snap("", "", "", "s1=3 s2=2", "out")
	w.publish(p, mended)
	p.expectACK("SRDS +s1")
	p.awaitSynced(mended)
}

func TestRefusedResourceThatGoesAway(t *testing.T) {
	w := newWorld(t, snap("", "", "", "s1", "out"))
	p := w.start("shop/web-1/web")
	w.publish(p, snap("", "", "", "s1 s2", "out"))
	p.nack(p.expect("SRDS +s2"), "bad")
	last := snap("", "", "", "s1", "out")
	w.publish(p, last)
	p.expectACK("SRDS -s2")
	p.awaitSynced(last)
}

func TestRefusedListenersKeepTheirRemovals(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", "a b c"))
	p := w.start("shop/web-1/web")
	next := snap("", "", "", "", "a=2 b=2")
	w.publish(p, next)
	p.nack(p.expect("LDS +a +b -c"), "a is bad")
	p.nack(p.expect("LDS +a"), "a is bad")
	p.expectACK("LDS +b")
	p.expectACK("LDS -c")
	p.notSynced()
	want := map[string]bool{"a": true, "b": true}
	for name := range p.state[Listener] {
		if !want[name] {
			t.Errorf("the proxy still has %s", name)
		}
	}
}

func TestNewerSnapshotDuringIsolation(t *testing.T) {
	w := newWorld(t, snap("", "", "", "s1 s2", "out"))
	p := w.start("shop/web-1/web")
	w.publish(p, snap("", "", "", "s1=2 s2=2", "out"))
	p.nack(p.expect("SRDS +s1 +s2"), "bad")
	one, two := p.expect("SRDS +s1"), p.expect("SRDS +s2")
	last := snap("", "", "", "s1=3 s2=2", "out")
	w.publish(p, last)
	p.quiet()
	p.nack(one, "bad")
	p.ack(two)
	p.expectACK("SRDS +s1")
	p.awaitSynced(last)
}

func TestAnswersToNothingAreIgnored(t *testing.T) {
	s := snap("a", "", "", "", "out")
	w := newWorld(t, s)
	p := w.connect("shop/web-1/web")
	p.subscribe(Cluster)
	r := p.expect("CDS +a")
	p.nack(&discoveryv3.DeltaDiscoveryResponse{TypeUrl: r.GetTypeUrl(), Nonce: "garbage"}, "bad")
	p.quiet()
	p.ack(r)
	p.ack(r)
	p.nack(r, "too late")
	p.subscribe(Listener)
	p.expectACK("LDS +out")
	p.subscribe(ScopedRoute)
	p.expectACK("SRDS")
	p.awaitSynced(s)
	if len(p.member.rejected) > 0 {
		t.Error(<-p.member.rejected)
	}
}

func TestManyRefusedAtOnce(t *testing.T) {
	var words []string
	for i := range 300 {
		words = append(words, "r"+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	slices.Sort(words)
	s := NewSnapshot(map[Type]*Set{Route: set(Route, words...)})
	w := newWorld(t, s)
	p := w.connect("shop/web-1/web")
	p.subscribe(Cluster)
	p.ack(p.next())
	p.subscribe(Listener)
	p.ack(p.next())
	p.subscribe(Route, words...)
	p.nack(p.next(), "something is bad")
	for _, word := range words {
		p.expectACK("RDS +" + word)
	}
	p.awaitSynced(s)
}
