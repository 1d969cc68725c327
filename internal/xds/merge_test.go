package xds

import "testing"

func TestNewerSnapshotMerges(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "s1", "out"))
	p := w.start("shop/web-1/web")
	w.publish(p, snap("a=2 b", "", "", "s1=2", "out=2"))
	cds := p.expect("CDS +a +b")
	w.publish(p, snap("a=3 c", "", "", "s1=3 s2", "out=3"))
	p.quiet()
	last := snap("a=3 c d", "", "", "s1=3 s2=2", "out=3")
	w.publish(p, last)
	p.quiet()
	p.ack(cds)
	p.expectACK("CDS +a +c +d")
	p.expectACK("SRDS +s1 +s2")
	p.expectACK("LDS +out")
	p.expectACK("CDS -b")
	p.awaitSynced(last)
}

func TestRemovedAndBackBeforeItIsSent(t *testing.T) {
	s := snap("a b", "", "", "s1 s2", "out")
	w := newWorld(t, s)
	p := w.start("shop/web-1/web")
	w.publish(p, snap("a=2", "", "", "s1", "out"))
	cds := p.expect("CDS +a")
	back := snap("a=2 b", "", "", "s1 s2", "out")
	w.publish(p, back)
	p.ack(cds)
	p.awaitSynced(back)
	p.quiet() // b was never gone
}

func TestEndpointsDoNotWait(t *testing.T) {
	w := newWorld(t, snap("a", "a#1", "", "", "out"))
	p := w.start("shop/web-1/web")
	w.publish(p, snap("a=2", "a#1=2", "", "", "out"))
	p.expectACK("EDS +a#1")
	p.expect("CDS +a")
	w.publish(p, snap("a=2", "a#1=3", "", "", "out"))
	p.expectACK("EDS +a#1")
}

func TestListenersWaitOnlyForClustersThatChange(t *testing.T) {
	w := newWorld(t, snap("a", "a#1", "", "s1", "out"))
	p := w.start("shop/web-1/web")
	w.publish(p, snap("a", "a#1", "", "s1", "out=2"))
	p.expectACK("LDS +out")
	p.quiet()
}
