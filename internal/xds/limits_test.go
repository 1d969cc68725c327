package xds

import (
	"fmt"
	"strings"
	"testing"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestNonsenseIsIgnored(t *testing.T) {
	s := snap("a", "a#1", "", "", "out")
	w := newWorld(t, s)
	p := w.connect("shop/web-1/web")
	for _, req := range []*discoveryv3.DeltaDiscoveryRequest{
		{},
		{TypeUrl: "type.googleapis.com/nobody.knows.It", ResourceNamesSubscribe: []string{"x"}},
		{TypeUrl: Cluster.URL(), ResponseNonce: "never given", ResourceNamesSubscribe: []string{wildcard}},
		{TypeUrl: Endpoint.URL(), ResourceNamesSubscribe: []string{strings.Repeat("x", maxName+1), ""}},
		{TypeUrl: Endpoint.URL(), ResourceNamesUnsubscribe: []string{"never asked", wildcard}},
		{TypeUrl: Secret.URL(), ResourceNamesSubscribe: []string{wildcard, strings.Repeat("x", maxName+1)}},
		{TypeUrl: Listener.URL(), InitialResourceVersions: map[string]string{"out": "", "\u00ff": ""}},
	} {
		p.send(req)
		if req.GetTypeUrl() == Cluster.URL() {
			p.expectACK("CDS +a")
		}
	}
	p.expectACK("LDS +out -\u00ff")
}

func TestTooManyNamesEndTheStream(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", ""))
	other := w.connect("shop/web-2/web")
	p := w.connect("shop/web-1/web")
	var names []string
	for i := range maxNames + 1 {
		names = append(names, fmt.Sprint("n", i))
	}
	p.subscribe(Endpoint, names...)
	if got := status.Code(<-p.failed); got != codes.ResourceExhausted {
		t.Errorf("the stream ended with %v", got)
	}
	other.subscribe(Cluster)
	other.expectACK("CDS +a")
}

func TestTooManyClustersOnDemandAreNotWatched(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	p := w.connect("shop/web-1/web")
	p.subscribe(Cluster)
	p.ack(p.next())
	var names []string
	for i := range maxDemand {
		names = append(names, fmt.Sprint("direct|", i))
	}
	p.subscribe(Cluster, names...)
	if r := p.next(); len(r.GetRemovedResources()) != len(names) {
		t.Errorf("%d of %d names answered at once", len(r.GetRemovedResources()), len(names))
	}
	w.fleet.resolve("direct|late", get(Cluster, "direct|late"))
	p.subscribe(Cluster, "direct|late")
	p.expectACK("CDS -direct|late")
	p.unsubscribe(Cluster, names[0])
	p.subscribe(Cluster, "direct|late")
	p.expectACK("CDS +direct|late")
}

func TestStateOfTheWorldIsRefused(t *testing.T) {
	w := newWorld(t, snap("", "", "", "", ""))
	p := w.connect("shop/web-1/web")
	ctx := metadata.AppendToOutgoingContext(p.stream.Context(), "authorization", "Bearer shop/web-1/web")
	s, err := discoveryv3.NewAggregatedDiscoveryServiceClient(p.conn).StreamAggregatedResources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.Recv(); status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "DELTA_GRPC") {
		t.Errorf("got %v", err)
	}
}

func TestSlowProxyIsCutOff(t *testing.T) {
	registry := prometheus.NewRegistry()
	var words []string
	for i := range 400 {
		words = append(words, fmt.Sprintf("%s%d", strings.Repeat("n", 4000), i))
	}
	w := newWorld(t, NewSnapshot(map[Type]*Set{Cluster: set(Cluster, words...)}), func(o *Options) {
		o.SendTimeout, o.Registerer = 50*time.Millisecond, registry
	})
	// A client that never reads: its flow control window fills up.
	conn, err := grpc.NewClient(w.addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer shop/slow/web")
	s, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m := <-w.fleet.joined
	// One response only waits in buffers; the second finds the window closed.
	for range 2 {
		if err := s.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: Cluster.URL(), ResourceNamesSubscribe: []string{wildcard}}); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if err := s.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: Secret.URL(), ResourceNamesSubscribe: []string{fmt.Sprint("x", i)}}); err != nil {
				break // It may be cut off already.
			}
		}
	}
	fast := w.connect("shop/fast/web")
	fast.subscribe(Cluster)
	fast.ack(fast.next())
	<-m.gone
	if got := metric(t, registry, "weft_xds_cut_streams_total", "slow"); got != 1 {
		t.Errorf("%v proxies cut off, want 1", got)
	}
	fast.quiet()
}

func TestShutdownEndsStreams(t *testing.T) {
	w := newWorld(t, snap("a", "", "", "", "out"))
	p := w.start("shop/web-1/web")
	w.stop()
	if got := status.Code(<-p.failed); got != codes.Unavailable {
		t.Errorf("the stream ended with %v", got)
	}
	w.fleet.mu.Lock()
	defer w.fleet.mu.Unlock()
	if len(w.fleet.members) != 0 {
		t.Error("a member is left")
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	w := newWorld(t, snap("a b", "", "", "", "out"), func(o *Options) { o.Registerer = registry })
	p := w.connect("shop/web-1/web")
	p.subscribe(Cluster)
	p.nack(p.next(), "bad")
	p.expectACK("CDS +a")
	p.nack(p.expect("CDS +b"), "bad")
	p.quiet()
	for name, want := range map[string]float64{
		"weft_xds_nacks_total": 2, "weft_xds_pushes_total": 3, "weft_xds_resources_total": 4, "weft_xds_rejected_resources_total": 1,
	} {
		if got := metric(t, registry, name, "CDS"); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := metric(t, registry, "weft_xds_streams", ""); got != 1 {
		t.Errorf("%v streams, want 1", got)
	}
	if _, err := New(Options{Fleet: w.fleet, Authenticator: fakeAuth{}, Secrets: w.server.options.Secrets, Registerer: registry}); err == nil {
		t.Error("the same metrics were registered twice")
	}
}

// metric reads a counter or gauge, of a type if it has one.
func metric(t *testing.T, r *prometheus.Registry, name, typ string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if typ == "" || m.GetLabel()[0].GetValue() == typ {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

// counter reads one counter.
func counter(c prometheus.Counter) float64 {
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		return -1
	}
	return m.GetCounter().GetValue()
}
