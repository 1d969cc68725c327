//go:build linux

package pushscrape

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// edgesOfEach is how many workloads a simulated sidecar speaks with.
const edgesOfEach = 20

// BenchmarkAggregator is what weft-metrics pays for the figures of a sidecar
// each time, with so many of them. What it keeps of them for answers is in
// scrape alone, so that is more than what is compared.
func BenchmarkAggregator(b *testing.B) {
	said := record(b)
	for _, n := range []int{10, 100, 1000} {
		for name, run := range map[string]func(*testing.B, sayings, int){"scrape": scraped, "scrape-protobuf": scrapedProtobuf, "push": pushed} {
			b.Run(fmt.Sprintf("sidecars=%d/%s", n, name), func(b *testing.B) { run(b, said, n) })
		}
	}
}

// sayings has files with what a real sidecar says, in each of the three ways.
type sayings struct{ text, protobuf, push string }

// record asks a real sidecar.
func record(b *testing.B) sayings {
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
	file := func(name string, data []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	said := sayings{file("text", s.scrape(b, "text/plain")), file("protobuf", s.scrape(b, protobuf)), file("push", message)}
	_ = s.process.Process.Kill()
	return said
}

// every is how often each sidecar is heard: as seldom as in a cluster where they
// are many, else often, so that it doesn't take long.
func every(n int) time.Duration { return max(time.Second, time.Duration(n)*5*time.Millisecond) }

// meter counts what was heard, and what that cost this process.
type meter struct {
	n, bytes  atomic.Int64
	cpu       time.Duration
	n0, size0 int64
	memory    float64
}

func (m *meter) start(b *testing.B, memory float64) {
	b.Helper()
	m.cpu, m.n0, m.size0, m.memory = cpu(b, os.Getpid()), m.n.Load(), m.bytes.Load(), memory
}

// rounds waits until all sidecars were heard, time and again.
func (m *meter) rounds(b *testing.B, sidecars int) {
	b.Helper()
	before := memory()
	m.wait(b, 2*int64(sidecars)) // all are known then
	m.start(b, before)
	for b.Loop() {
		m.wait(b, int64(sidecars))
	}
	heard := float64(m.n.Load() - m.n0)
	spent := float64((cpu(b, os.Getpid()) - m.cpu).Microseconds()) / heard
	size := float64(m.bytes.Load()-m.size0) / heard
	perSecond := float64(sidecars) / figures.DefaultInterval.Seconds()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(spent, "cpu-µs/sidecar")
	b.ReportMetric(spent*perSecond/1e6*100, "%core")
	b.ReportMetric(size*perSecond/1024, "KiB/s")
	b.ReportMetric(memory()-m.memory, "MiB")
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

// counted is a body whose bytes are counted.
type counted struct {
	io.ReadCloser
	m *meter
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.m.bytes.Add(int64(n))
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
func scraped(b *testing.B, said sayings, n int) {
	port := netip.MustParseAddrPort(fleetOf(b, "answers", said.text)).Port()
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
	m.rounds(b, n)
	stop()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// scrapedProtobuf asks for protobuf, and does as little with it as the
// aggregator of what is pushed.
func scrapedProtobuf(b *testing.B, said sayings, n int) {
	port := netip.MustParseAddrPort(fleetOf(b, "answers", said.protobuf)).Port()
	var m meter
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	all := targets(n)
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	go func() {
		ticker := time.NewTicker(every(n) / time.Duration(n))
		defer ticker.Stop()
		seen := make([]map[string][]uint64, n)
		for i := 0; ctx.Err() == nil; i++ {
			<-ticker.C
			if seen[i%n] == nil {
				seen[i%n] = map[string][]uint64{}
			}
			if err := m.ask(ctx, client, fmt.Sprintf("http://%s/", netip.AddrPortFrom(all[i%n].Address, port)), seen[i%n]); err != nil && ctx.Err() == nil {
				b.Error(err)
				return
			}
		}
	}()
	m.rounds(b, n)
}

func (m *meter) ask(ctx context.Context, client *http.Client, url string, seen map[string][]uint64) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body := bufio.NewReader(counted{response.Body, m})
	var key []byte
	for {
		var family dto.MetricFamily
		if err := protodelim.UnmarshalFrom(body, &family); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		key = keep(seen, key, &family)
	}
}

// pushed is told by each sidecar over a stream of its own.
func pushed(b *testing.B, said sayings, n int) {
	a := &aggregator{}
	address := a.serve(b)
	fleetOf(b, "pushes", said.push, n, every(n), address)
	a.rounds(b, n)
}
