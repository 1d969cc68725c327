package xds

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/go-logr/logr/funcr"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// unharmed tells that a well-behaved proxy gets a change, and nothing else.
func (w *world) unharmed(p *proxy, variant int) {
	w.t.Helper()
	w.publish(p, snap(fmt.Sprintf("a=%d b", variant), "", "", "", "out"))
	p.expectACK("CDS +a")
	p.quiet()
}

func TestPodThatReconnectsInALoopIsRefused(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := newWorld(t, snap("a b", "", "", "", "out"), func(o *Options) { o.Registerer = registry })
	other := w.start("shop/web-1/web")
	for range burstConnects {
		w.connect("shop/loop/web").conn.Close()
	}
	// The next have to wait for their turn, and more are not even let wait.
	var waiting []*proxy
	for range maxPodStreams {
		waiting = append(waiting, w.dial("shop/loop/web"))
	}
	awaitMetric(t, registry, "weft_xds_delayed_connects_total", "", maxPodStreams)
	for range 30 {
		p := w.dial("shop/loop/web")
		if got := status.Code(<-p.failed); got != codes.ResourceExhausted {
			t.Fatalf("the stream ended with %v", got)
		}
		p.conn.Close()
	}
	if got := len(w.fleet.joined); got != 0 {
		t.Errorf("the fleet was asked %d times for what was refused", got)
	}
	if got := metric(t, registry, "weft_xds_cut_streams_total", "rate"); got != 30 {
		t.Errorf("%v refusals counted, want 30", got)
	}
	w.unharmed(other, 1)
	for range waiting {
		w.clock.Step(connectInterval)
		<-w.fleet.joined
	}
}

func TestNewestStreamsOfAPodWin(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := newWorld(t, snap("a b", "", "", "", "out"), func(o *Options) { o.Registerer = registry })
	other := w.start("shop/web-1/web")
	first := w.connect("shop/many/web")
	for range maxPodStreams {
		w.connect("shop/many/web")
	}
	if got := status.Code(<-first.failed); got != codes.Aborted {
		t.Errorf("the oldest stream ended with %v", got)
	}
	<-first.member.gone
	if got := metric(t, registry, "weft_xds_cut_streams_total", "replaced"); got != 1 {
		t.Errorf("%v streams replaced, want 1", got)
	}
	w.unharmed(other, 1)
}

// TestAdmissionForgets: what is kept of pods is those that are there.
func TestAdmissionForgets(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	a := w.server.admission
	for i := range 100 {
		peer, _ := fakeAuth{}.Authenticate(t.Context(), fmt.Sprintf("shop/web-%d/web", i))
		_, leave, err := a.enter(t.Context(), peer.Pod)
		if err != nil {
			t.Fatal(err)
		}
		leave(nil)
	}
	w.clock.Step(sweepInterval)
	w.connect("shop/web/web")
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.pods) != 1 {
		t.Errorf("%d pods are kept, want 1", len(a.pods))
	}
}

func TestProxyThatAsksAndNeverAnswersIsCutOff(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := newWorld(t, snap("a b", "", "", "", "out"), func(o *Options) { o.Registerer = registry })
	other := w.start("shop/web-1/web")
	p := w.connect("shop/mute/web")
	for i := range maxWaiting + 1 {
		if p.stream.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: Secret.URL(), ResourceNamesSubscribe: []string{fmt.Sprint("n", i)}}) != nil {
			break // It may be cut off already.
		}
	}
	if got := status.Code(<-p.failed); got != codes.ResourceExhausted {
		t.Errorf("the stream ended with %v", got)
	}
	if got := len(p.got); got != maxWaiting {
		t.Errorf("%d responses before the end, want %d", got, maxWaiting)
	}
	<-p.member.gone
	if got := metric(t, registry, "weft_xds_cut_streams_total", "unanswered"); got != 1 {
		t.Errorf("%v streams counted, want 1", got)
	}
	if got := metric(t, registry, "weft_xds_unanswered_responses", ""); got != 0 {
		t.Errorf("%v responses wait for answers that can't come", got)
	}
	w.unharmed(other, 1)
}

// TestCutOffAgainAndAgain: who is cut off for what it asks does not come back at
// once, to ask for it again.
func TestCutOffAgainAndAgain(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := newWorld(t, snap("a b", "", "", "", "out"), func(o *Options) { o.Registerer = registry })
	other := w.start("shop/web-1/web")
	ask := func(p *proxy, names int, reason string) {
		t.Helper()
		r := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: Endpoint.URL()}
		for i := range names {
			r.ResourceNamesSubscribe = append(r.ResourceNamesSubscribe, fmt.Sprint("n", i))
		}
		_ = p.stream.Send(r)
		if got := status.Code(<-p.failed); got != codes.ResourceExhausted {
			t.Fatalf("the stream ended with %v", got)
		}
		awaitMetric(t, registry, "weft_xds_cut_streams_total", reason, 1)
	}
	ask(w.connect("shop/greedy/web"), 1_000_000, "request")
	again := w.dial("shop/greedy/web")
	awaitMetric(t, registry, "weft_xds_delayed_connects_total", "", 1)
	w.clock.Step(2 * connectInterval)
	<-w.fleet.joined
	ask(again, maxNames+1, "names")
	w.dial("shop/greedy/web")
	awaitMetric(t, registry, "weft_xds_delayed_connects_total", "", 2)
	w.clock.Step((cutConnects - 1) * connectInterval)
	w.unharmed(other, 1)
	if got := len(w.fleet.joined); got != 0 {
		t.Fatal("it's back before its time")
	}
	w.clock.Step(3 * connectInterval)
	<-w.fleet.joined
}

func TestProxyThatAsksForEverythingIsCutOff(t *testing.T) {
	for name, request := range map[string]struct {
		name   string
		count  int
		reason string
	}{
		"a million names": {"n%07d", 1_000_000, "request"},
		"many names":      {"n%07d", 70_000, "names"},
		"long names":      {strings.Repeat("n", maxName-8) + "%07d", 900, "names"},
	} {
		t.Run(name, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			w := newWorld(t, snap("a b", "", "", "", "out"), func(o *Options) { o.Registerer = registry })
			other := w.start("shop/web-1/web")
			p := w.connect("shop/greedy/web")
			for round, typ := range []Type{Endpoint, Route, Endpoint, Route, Endpoint, Route} {
				var names []string
				for i := range request.count {
					names = append(names, fmt.Sprintf(request.name, round*request.count+i))
				}
				if p.stream.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: typ.URL(), ResourceNamesSubscribe: names}) != nil {
					break // It may be cut off already.
				}
			}
			if got := status.Code(<-p.failed); got != codes.ResourceExhausted {
				t.Errorf("the stream ended with %v", got)
			}
			<-p.member.gone
			awaitMetric(t, registry, "weft_xds_cut_streams_total", request.reason, 1)
			w.unharmed(other, 1)
		})
	}
}

// TestNamesAskedForAgainAreHeldOnce: while a proxy does not answer, what it asks
// for is noted, in proportion to how much that is.
func TestNamesAskedForAgainAreHeldOnce(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	s := &stream{metrics: w.server.metrics, want: NewSnapshot(nil)}
	l := &lane{typ: Endpoint, at: emptySet}
	s.add(l, "kept")
	for i := range 50_000 {
		name := fmt.Sprint("n", i)
		s.add(l, name)
		s.add(l, "kept")
		s.drop(l, name)
	}
	if len(l.fresh) > 2*minFresh || l.names.len() != 1 || s.named != 1 || s.nameBytes != len("kept") {
		t.Errorf("%d names to be answered, %d asked for, %d counted, %d bytes", len(l.fresh), l.names.len(), s.named, s.nameBytes)
	}
	if _, absent := l.collect(emptySet); len(absent) == 0 || absent[0] != "kept" {
		t.Errorf("answered for %v", absent)
	}
}

func TestProxyThatRefusesEverything(t *testing.T) {
	const clusters = 200
	registry := prometheus.NewRegistry()
	var logged atomic.Int64
	words := make([]string, clusters)
	for i := range words {
		words[i] = fmt.Sprintf("c%03d", i)
	}
	w := newWorld(t, snap(strings.Join(words, " "), "", "", "", "out"), func(o *Options) {
		o.Registerer = registry
		o.Log = funcr.New(func(string, string) { logged.Add(1) }, funcr.Options{})
	})
	p := w.connect("shop/no/web")
	p.subscribe(Cluster)
	for range 1 + clusters {
		p.nack(p.next(), "no")
	}
	p.quiet()
	// A change costs what it costs for others, not what was refused before.
	words[0] += "=1"
	w.publish(p, snap(strings.Join(words, " "), "", "", "", "out"))
	p.nack(p.expect("CDS +c000"), "no")
	p.quiet()
	if got := metric(t, registry, "weft_xds_nacks_total", "CDS"); got != clusters+2 {
		t.Errorf("%v refusals counted, want %d", got, clusters+2)
	}
	if got := logged.Load(); got > clusters/2 {
		t.Errorf("%d lines in the log", got)
	}
	other := w.start("shop/web-1/web")
	next := snap("c000=2", "", "", "", "out")
	w.fleet.publish(next)
	other.expectACK("CDS +c000")
	if r := other.next(); len(r.GetRemovedResources()) != clusters-1 {
		t.Errorf("%d removed", len(r.GetRemovedResources()))
	}
}

func TestBehindIsCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := newWorld(t, snap("a b", "", "", "", "out"), func(o *Options) { o.Registerer = registry })
	p := w.start("shop/web-1/web")
	next := snap("a=1 b", "", "", "", "out")
	w.publish(p, next)
	r := p.expect("CDS +a")
	if got := metric(t, registry, "weft_xds_behind_streams", ""); got != 1 {
		t.Errorf("%v proxies behind, want 1", got)
	}
	w.clock.Step(3 * time.Second)
	p.ack(r)
	p.awaitSynced(next)
	p.quiet()
	if got := metric(t, registry, "weft_xds_behind_streams", ""); got != 0 {
		t.Errorf("%v proxies behind, want 0", got)
	}
	if count, sum := observed(t, registry, "weft_xds_sync_duration_seconds", "change"); count != 1 || sum != 3 {
		t.Errorf("%d changes took %v s, want 1 and 3", count, sum)
	}
	if count, _ := observed(t, registry, "weft_xds_sync_duration_seconds", "connect"); count != 1 {
		t.Errorf("%d connects, want 1", count)
	}
}

// awaitMetric waits until a counter is at a value.
func awaitMetric(t *testing.T, r *prometheus.Registry, name, label string, want float64) {
	t.Helper()
	for deadline := time.Now().Add(guard); metric(t, r, name, label) != want; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%s is %v, want %v", name, metric(t, r, name, label), want)
		}
	}
}

// observed reads a histogram of one label.
func observed(t *testing.T, r *prometheus.Registry, name, label string) (count uint64, sum float64) {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && m.GetLabel()[0].GetValue() == label {
				return m.GetHistogram().GetSampleCount(), m.GetHistogram().GetSampleSum()
			}
		}
	}
	t.Fatalf("no histogram %s", name)
	return 0, 0
}
