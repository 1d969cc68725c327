//go:build linux

package pushscrape

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"

	metricsv3 "github.com/envoyproxy/go-control-plane/envoy/service/metrics/v3"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

// aggregator takes what sidecars push, and does the least that can be done with
// it: it finds each series by its name and labels, and keeps its last values.
// weft-metrics would do that, and then add up rows by workload.
type aggregator struct {
	metricsv3.UnimplementedMetricsServiceServer
	// told has a message of each push, last what the latest was.
	told  chan struct{}
	last  atomic.Pointer[metricsv3.StreamMetricsMessage]
	bytes atomic.Int64
	meter
}

func (a *aggregator) StreamMetrics(stream metricsv3.MetricsService_StreamMetricsServer) error {
	seen := map[string][]uint64{}
	var key []byte
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&metricsv3.StreamMetricsResponse{})
		}
		if err != nil {
			return err
		}
		for _, family := range message.GetEnvoyMetrics() {
			key = keep(seen, key, family)
		}
		a.n.Add(1)
		a.last.Store(message)
		select {
		case a.told <- struct{}{}:
		default:
		}
	}
}

// keep takes the values of a family.
func keep(seen map[string][]uint64, key []byte, family *dto.MetricFamily) []byte {
	for _, m := range family.GetMetric() {
		key = append(key[:0], family.GetName()...)
		for _, label := range m.GetLabel() {
			key = append(append(append(append(key, 0), label.GetName()...), 1), label.GetValue()...)
		}
		values := seen[string(key)]
		if values == nil {
			values = make([]uint64, 1+len(m.GetHistogram().GetBucket()))
			seen[string(key)] = values
		}
		values[0] = uint64(m.GetCounter().GetValue())
		for i, bucket := range m.GetHistogram().GetBucket() {
			values[1+i] = bucket.GetCumulativeCount()
		}
	}
	return key
}

// TagRPC, HandleRPC, TagConn and HandleConn count bytes as they came.
func (a *aggregator) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (a *aggregator) HandleRPC(_ context.Context, s stats.RPCStats) {
	if in, ok := s.(*stats.InPayload); ok {
		a.bytes.Add(int64(in.WireLength))
	}
}

func (a *aggregator) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (a *aggregator) HandleConn(context.Context, stats.ConnStats) {}

// serve runs the aggregator and gives its address.
func (a *aggregator) serve(b *testing.B) string {
	b.Helper()
	a.told = make(chan struct{}, 1)
	server := grpc.NewServer(grpc.StatsHandler(a), grpc.MaxRecvMsgSize(64<<20))
	metricsv3.RegisterMetricsServiceServer(server, a)
	listener := listen(b)
	go server.Serve(listener) // ends with Stop
	b.Cleanup(server.Stop)
	return listener.Addr().String()
}
