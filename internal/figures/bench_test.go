package figures

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/envoy"
)

const (
	benchPods  = 1000
	benchEdges = 20
)

// busy is a sidecar with traffic from half of its edges and to the other half.
func busy(pod int) *sidecar {
	s := newSidecar()
	s.uptime = 3600
	for i := range benchEdges {
		peer := []string{
			envoy.LabelPeer, dns(fmt.Sprintf("workload-%d", (pod+i)%benchPods)),
			envoy.LabelIdentity, fmt.Sprintf("spiffe://cluster.local/ns/shop/sa/workload-%d", (pod+i)%benchPods), envoy.LabelPort, "8080",
		}
		requests, durations := envoy.FamilyServerRequests, envoy.FamilyServerDuration
		if i%2 == 0 {
			service := fmt.Sprintf("shop/workload-%d", (pod+i)%benchPods)
			peer = append(peer, envoy.LabelService, service, envoy.LabelSplit, "", envoy.LabelBackend, "outbound|"+service+"|80")
			requests, durations = envoy.FamilyClientRequests, envoy.FamilyClientDuration
		}
		s.count(requests, 90, append(slices.Clone(peer), envoy.LabelCode, "200", envoy.LabelGRPC, "", envoy.LabelFlags, "-")...)
		s.count(requests, 10, append(slices.Clone(peer), envoy.LabelCode, "503", envoy.LabelGRPC, "", envoy.LabelFlags, "UC")...)
		for j := range 100 {
			s.observe(durations, float64(j*j)/10, peer...)
		}
	}
	return s
}

// more has everything counted once more.
func (s *sidecar) more() {
	s.uptime += 5
	for text, n := range s.counts {
		s.counts[text] += n
	}
	for _, h := range s.hists {
		for i := range h {
			h[i] *= 2
		}
	}
}

// filled is a collector of 1,000 sidecars with 20 edges each, in 50 namespaces,
// that all had traffic in all of MaxWindow.
func filled(b *testing.B) *Collector {
	b.Helper()
	f := newFleet()
	c := f.collector(b)
	for i := range benchPods {
		f.pod(fmt.Sprintf("namespace-%d", i%50), fmt.Sprintf("workload-%d", i), fmt.Sprint(i))
	}
	s := &scratch{}
	for i, p := range c.round() {
		side := busy(i)
		var last outcome
		for range 2 {
			var err error
			if last, err = p.reader.read(strings.NewReader(side.String()), c.now(), s); err != nil {
				b.Fatal(err)
			}
			p.put(last, s)
			side.more()
		}
		p.records = nil
		for at := DefaultInterval; at <= MaxWindow; at += DefaultInterval {
			p.put(outcome{record: record{from: at - DefaultInterval, to: at, data: bytes.Clone(last.record.data)}}, s)
		}
		p.busy.Store(false)
	}
	f.clock.Step(MaxWindow)
	f.sidecars = nil
	return c
}

func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}

// BenchmarkRows asks for rows of 1,000 pods with 20 edges each, and tells how
// much memory all of them take.
func BenchmarkRows(b *testing.B) {
	before := heap()
	c := filled(b)
	memory := heap() - before
	for name, ask := range map[string]struct {
		namespace string
		size      time.Duration
		rows      int
	}{
		"namespace": {"namespace-7", DefaultWindow, benchEdges * benchPods / 50},
		"all":       {"", DefaultWindow, benchEdges * benchPods},
		"all/5m":    {"", MaxWindow, benchEdges * benchPods},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				rows, _ := c.Rows(ask.size, ask.namespace)
				n := 0
				for range rows {
					n++
				}
				times = append(times, time.Since(start))
				if n != ask.rows {
					b.Fatalf("%d rows, want %d", n, ask.rows)
				}
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(memory, "MiB-kept")
		})
	}
	runtime.KeepAlive(c)
}

// BenchmarkRead reads what a sidecar with 20 edges says.
func BenchmarkRead(b *testing.B) {
	side := busy(0)
	text := []byte(side.String())
	r, s := newReader(), &scratch{}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	now := time.Duration(0)
	for b.Loop() {
		now += DefaultInterval
		if _, err := r.read(bytes.NewReader(text), now, s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFetch asks a server for what a sidecar with 20 edges says, and reads
// it. The server's work is in it.
func BenchmarkFetch(b *testing.B) {
	text := []byte(busy(0).String())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }))
	defer server.Close()
	address := netip.MustParseAddrPort(server.Listener.Addr().String())
	fetch, r, s := HTTP(address.Port()), newReader(), &scratch{}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	now := time.Duration(0)
	for b.Loop() {
		body, err := fetch(b.Context(), Target{Address: address.Addr()})
		if err != nil {
			b.Fatal(err)
		}
		now += DefaultInterval
		if _, err := r.read(body, now, s); err != nil {
			b.Fatal(err)
		}
		body.Close()
	}
}
