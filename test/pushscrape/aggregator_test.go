//go:build linux

package pushscrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// edgesOfEach is how many workloads a simulated sidecar speaks with.
const edgesOfEach = 20

// BenchmarkAggregator is what weft-metrics pays for the figures of a sidecar
// each time, with so many of them. What is asked for goes to its own collector,
// with all that it keeps for answers; what is pushed is not kept.
func BenchmarkAggregator(b *testing.B) {
	all := record(b)
	for _, n := range []int{10, 100, 1000} {
		for name, run := range map[string]func(*testing.B, said, int){"scrape": scraped, "push": pushed} {
			for _, s := range all {
				if strings.HasPrefix(s.way, name) {
					b.Run(fmt.Sprintf("sidecars=%d/%s", n, s.way), func(b *testing.B) { run(b, s, n) })
				}
			}
		}
	}
}

// said is what a real sidecar says in one of the ways, in a file.
type said struct {
	way, file, kind string
	size            int
}

// record asks a real sidecar.
func record(b *testing.B) []said {
	b.Helper()
	a := &aggregator{}
	s := &sidecar{flush: 50 * time.Millisecond, pushTo: a.serve(b)}
	s.start(b)
	s.requests(b, edgesOfEach)
	a.await(b)
	a.await(b)
	message, err := proto.Marshal(a.last.Load())
	if err != nil {
		b.Fatal(err)
	}
	folder := b.TempDir()
	write := func(way, kind string, data []byte) said {
		path := filepath.Join(folder, way)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			b.Fatal(err)
		}
		return said{way, path, kind, len(data)}
	}
	all := []said{
		write("scrape-text", "text/plain", s.scrape(b, "text/plain")),
		write("scrape-protobuf", "application/vnd.google.protobuf", s.scrape(b, protobuf)),
		write("push", "", message),
	}
	_ = s.process.Process.Kill()
	return all
}

// every is how often each sidecar is heard: as seldom as in a cluster where they
// are many, else often, so that it doesn't take long.
func every(n int) time.Duration { return max(time.Second, time.Duration(n)*5*time.Millisecond) }

// meter counts how often sidecars were heard.
type meter struct{ n atomic.Int64 }

// rounds waits until all sidecars were heard, time and again, and reports what
// that cost this process.
func (m *meter) rounds(b *testing.B, sidecars, size int, before float64) {
	b.Helper()
	m.wait(b, 2*int64(sidecars)) // all are known then
	n, spent := m.n.Load(), cpu(b, os.Getpid())
	for b.Loop() {
		m.wait(b, int64(sidecars))
	}
	each := float64((cpu(b, os.Getpid()) - spent).Microseconds()) / float64(m.n.Load()-n)
	perSecond := float64(sidecars) / figures.DefaultInterval.Seconds()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(each, "cpu-µs/sidecar")
	b.ReportMetric(each*perSecond/1e6*100, "%core")
	b.ReportMetric(float64(size)*perSecond/1e6, "MB/s")
	b.ReportMetric(memory()-before, "MiB")
}

func (m *meter) wait(b *testing.B, more int64) {
	b.Helper()
	until := m.n.Load() + more
	for deadline := time.Now().Add(time.Minute); m.n.Load() < until; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatalf("%d sidecars of %d were heard", more-until+m.n.Load(), more)
		}
	}
}

// memory is what is in use, in MiB.
func memory() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc+m.StackInuse) / (1 << 20)
}

// counted is a body whose end is counted.
type counted struct {
	io.ReadCloser
	m *meter
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		c.m.n.Add(1)
	}
	return n, err
}

func targets(n int) []figures.Target {
	var all []figures.Target
	for i := range n {
		name := fmt.Sprintf("workload-%d", i)
		all = append(all, figures.Target{
			Pod: model.Key{Namespace: "shop", Name: name}, UID: name, Node: "node",
			Address: netip.AddrFrom4([4]byte{127, 78, byte(i / 250), byte(i%250 + 1)}),
		})
	}
	return all
}

// scraped is weft-metrics' own way.
func scraped(b *testing.B, s said, n int) {
	port := netip.MustParseAddrPort(fleetOf(b, "answers", s.file, s.kind)).Port()
	before := memory()
	var m meter
	ask := figures.HTTP(port)
	c, err := figures.New(figures.Options{
		Targets: func() ([]figures.Target, error) { return targets(n), nil },
		Fetch: func(ctx context.Context, t figures.Target) (io.ReadCloser, error) {
			body, err := ask(ctx, t)
			if err != nil {
				return nil, err
			}
			return counted{body, &m}, nil
		},
		Interval: every(n), Clock: clock.RealClock{}, Log: logr.Discard(), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- c.Start(ctx) }()
	m.rounds(b, n, s.size, before)
	stop()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// pushed is told by each sidecar over a stream of its own.
func pushed(b *testing.B, s said, n int) {
	before := memory()
	a := &aggregator{}
	address := a.serve(b)
	fleetOf(b, "pushes", s.file, n, every(n), address)
	a.rounds(b, n, s.size, before)
}
