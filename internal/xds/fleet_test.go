package xds

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"testing"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// robot is a proxy that takes everything and answers at once.
type robot struct {
	stream discoveryv3.AggregatedDiscoveryService_DeltaAggregatedResourcesClient
	bytes  *atomic.Int64
}

// robots connects n proxies and gives the counter of their connections' bytes.
func (w *world) robots(n int) *atomic.Int64 {
	w.t.Helper()
	bytes := &atomic.Int64{}
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	names := w.fleet.snapshot.Set(Endpoint).Names()
	for i := range n {
		conn, err := grpc.NewClient(w.addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithReadBufferSize(1<<10), grpc.WithWriteBufferSize(1<<10),
			grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
				c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
				return countingConn{c, bytes}, err
			}))
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { conn.Close() })
		md := metadata.AppendToOutgoingContext(ctx, "authorization", fmt.Sprintf("Bearer shop/web-%d/web", i))
		stream, err := discoveryv3.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(md)
		if err != nil {
			w.t.Fatal(err)
		}
		r := &robot{stream: stream, bytes: bytes}
		for _, req := range []*discoveryv3.DeltaDiscoveryRequest{
			{TypeUrl: Cluster.URL()}, {TypeUrl: Endpoint.URL(), ResourceNamesSubscribe: names}, {TypeUrl: Listener.URL()}, {TypeUrl: ScopedRoute.URL()},
		} {
			if err := stream.Send(req); err != nil {
				w.t.Fatal(err)
			}
		}
		go r.run()
	}
	return bytes
}

func (r *robot) run() {
	for {
		resp, err := r.stream.Recv()
		if err != nil {
			return
		}
		if r.stream.Send(&discoveryv3.DeltaDiscoveryRequest{TypeUrl: resp.GetTypeUrl(), ResponseNonce: resp.GetNonce()}) != nil {
			return
		}
	}
}

type countingConn struct {
	net.Conn
	read *atomic.Int64
}

func (c countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.read.Add(int64(n))
	return n, err
}

// all waits until every proxy runs the snapshot.
func (w *world) all(members []*fakeMember, s *Snapshot) {
	w.t.Helper()
	for _, m := range members {
		await(w.t, m.synced, func(got *Snapshot) bool { return got == s })
	}
}

func (w *world) joined(n int) []*fakeMember {
	w.t.Helper()
	out := make([]*fakeMember, n)
	for i := range out {
		await(w.t, w.fleet.joined, func(m *fakeMember) bool { out[i] = m; return true })
	}
	return out
}

// services makes a snapshot of n services; variant changes the first's weights,
// endpoint its endpoints.
func services(n, variant, endpoint int) *Snapshot {
	var cds, eds, srds []*Resource
	for i := range n {
		cds = append(cds, get(Cluster, fmt.Sprintf("outbound|ns/service-%d|80", i)))
		word := fmt.Sprintf("outbound|ns/service-%d|80#abcdef", i)
		scope := fmt.Sprintf("198.18.%d.%d:80", i/256, i%256)
		if i == 0 {
			word, scope = fmt.Sprintf("%s=%d", word, endpoint), fmt.Sprintf("%s=%d", scope, variant)
		}
		eds = append(eds, get(Endpoint, word))
		srds = append(srds, get(ScopedRoute, scope))
	}
	return NewSnapshot(map[Type]*Set{
		Cluster: NewSet(cds...), Endpoint: NewSet(eds...), ScopedRoute: NewSet(srds...), Listener: set(Listener, "out"),
	})
}

func TestThousandProxies(t *testing.T) {
	const proxies = 1000
	first := services(20, 0, 0)
	w := newWorld(t, first)
	w.robots(proxies)
	members := w.joined(proxies)
	w.all(members, first)
	for i := range 5 {
		next := services(20, i+1, i+1)
		w.fleet.publish(next)
		w.all(members, next)
	}
	// Of each change the way was worked out once, not once for each proxy.
	pushes := w.server.metrics.byType[ScopedRoute].pushes
	if got := counter(pushes); got != proxies*6 {
		t.Errorf("%v scope responses for 6 snapshots and %d proxies", got, proxies)
	}
	w.stop()
	w.fleet.mu.Lock()
	defer w.fleet.mu.Unlock()
	if len(w.fleet.members) != 0 {
		t.Errorf("%d members are left", len(w.fleet.members))
	}
}

// BenchmarkChange is one change to all proxies of a class: the whole process,
// with the proxies in it.
func BenchmarkChange(b *testing.B) {
	for _, size := range []int{100, 1000} {
		for _, proxies := range []int{100, 1000} {
			b.Run(fmt.Sprintf("services=%d/proxies=%d", size, proxies), func(b *testing.B) {
				first := services(size, 0, 0)
				w := newWorld(b, first)
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				bytes := w.robots(proxies)
				members := w.joined(proxies)
				w.all(members, first)
				runtime.GC()
				runtime.ReadMemStats(&after)
				held := float64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse) / float64(proxies)
				snapshots := []*Snapshot{services(size, 1, 1), services(size, 2, 2)}
				bytes.Store(0)
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					w.fleet.publish(snapshots[i%2])
					w.all(members, snapshots[i%2])
				}
				b.StopTimer()
				b.ReportMetric(float64(bytes.Load())/float64(b.N*proxies), "wire-B/proxy")
				b.ReportMetric(held, "held-B/proxy+client")
			})
		}
	}
}

// BenchmarkStep is what a change costs within the server for one proxy: no
// gRPC, no network.
func BenchmarkStep(b *testing.B) {
	for _, size := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("services=%d", size), func(b *testing.B) {
			snapshots := []*Snapshot{services(size, 1, 1), services(size, 2, 2)}
			l := lane{typ: Endpoint, asked: true, at: emptySet}
			for _, name := range snapshots[0].Set(Endpoint).Names() {
				l.names.add(name)
			}
			l.collect(snapshots[0].Set(Endpoint))
			if !l.names.covers(snapshots[0].Set(Endpoint)) {
				b.Fatal("names are missing")
			}
			l.collect(snapshots[1].Set(Endpoint))
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				ups, _ := l.collect(snapshots[i%2].Set(Endpoint))
				if len(ups.resources) != 1 {
					b.Fatalf("%d resources", len(ups.resources))
				}
				newFrame(Endpoint, uint64(i), ups, nil)
			}
		})
	}
}
