package xds

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const direct = "direct|198.18.0.5:8080"

func TestClusterOnDemand(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", "out"))
	p := w.start("shop/web-1/web")
	p.subscribe(Cluster, direct)
	p.expectACK("CDS -" + direct)
	w.fleet.resolve(direct, get(Cluster, direct))
	p.expectACK("CDS +" + direct)
	w.fleet.resolve(direct, get(Cluster, direct+"=2"))
	p.expectACK("CDS +" + direct)
	w.publish(p, snap("a=2", "", "", "", "out")) // the wildcard goes on
	p.expectACK("CDS +a")
	w.fleet.resolve(direct, nil)
	p.expectACK("CDS -" + direct)
	p.unsubscribe(Cluster, direct)
	if got := <-p.member.forgot; got != direct {
		t.Errorf("forgot %q", got)
	}
	w.fleet.resolve(direct, get(Cluster, direct))
	w.publish(p, snap("a=3", "", "", "", "out"))
	p.expectACK("CDS +a")
	p.quiet()
}

func TestClusterOnDemandDoesNotWait(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", "out"))
	w.fleet.resolve(direct, get(Cluster, direct))
	p := w.start("shop/web-1/web")
	w.publish(p, snap("a=2", "", "", "", "out"))
	cds := p.expect("CDS +a")
	p.subscribe(Cluster, direct)
	p.expectACK("CDS +" + direct)
	p.ack(cds)
}

func TestClusterOnDemandIsUnasked(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", "out"))
	w.fleet.resolve(direct, get(Cluster, direct))
	p := w.start("shop/web-1/web")
	p.subscribe(Cluster, direct)
	p.expectACK("CDS +" + direct)
	p.unsubscribe(Cluster, direct)
	p.expectACK("CDS -" + direct) // else the proxy takes it for the wildcard's
	p.quiet()
}

func TestClusterOnDemandAfterReconnect(t *testing.T) {
	s := snap("a", "", "", "", "out")
	w := newWorld(t, s)
	w.fleet.resolve(direct, get(Cluster, direct))
	first := w.start("shop/web-1/web")
	first.subscribe(Cluster, direct, "direct|198.18.0.6:1")
	first.expectACK("CDS +" + direct + " -direct|198.18.0.6:1")
	p := w.again(first, "shop/web-1/web")
	p.resume(Cluster, p.state[Cluster], wildcard, direct)
	p.quiet()
	w.fleet.resolve(direct, get(Cluster, direct+"=2"))
	p.expectACK("CDS +" + direct)
}

func TestClusterAskedForByNameIsInTheSnapshot(t *testing.T) {
	w := newWorld(t, snap("a b", "", "", "", "out"))
	p := w.start("shop/web-1/web")
	p.subscribe(Cluster, "a")
	p.expectACK("CDS +a")
	next := snap("b", "", "", "", "out")
	w.publish(p, next)
	p.expectACK("CDS -a")
	p.awaitSynced(next)
}

func TestRefusedClusterOnDemand(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", "out"))
	w.fleet.resolve(direct, get(Cluster, direct))
	p := w.start("shop/web-1/web")
	p.subscribe(Cluster, direct)
	p.nack(p.expect("CDS +"+direct), "bad")
	if got := <-p.member.rejected; !strings.HasPrefix(got, "CDS direct") {
		t.Errorf("rejected %q", got)
	}
	p.quiet()
	w.fleet.resolve(direct, get(Cluster, direct+"=2"))
	p.expectACK("CDS +" + direct)
}

func TestPanicEndsOneStream(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", "out"))
	other := w.start("shop/web-1/web")
	p := w.connect("shop/web-2/web")
	p.subscribe(Cluster, "panic")
	if got := status.Code(<-p.failed); got != codes.Internal {
		t.Errorf("the stream ended with %v", got)
	}
	w.publish(other, snap("a=2", "", "", "", "out"))
	other.expectACK("CDS +a")
	w.fleet.mu.Lock()
	defer w.fleet.mu.Unlock()
	if w.fleet.closed != 1 {
		t.Errorf("%d memberships closed, want 1", w.fleet.closed)
	}
}
