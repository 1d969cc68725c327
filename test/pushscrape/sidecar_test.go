//go:build linux

package pushscrape

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/envoy"
)

// BenchmarkSidecar is what a real Envoy pays for its figures, each time: flush
// is what it does in any case now and then, where nobody is told; scrape comes
// on top of that, push has it in it.
func BenchmarkSidecar(b *testing.B) {
	for _, edges := range []int{20, envoy.MaxCounters / 2} {
		b.Run(fmt.Sprintf("edges=%d/flush", edges), func(b *testing.B) { benchmarkFlush(b, edges) })
		b.Run(fmt.Sprintf("edges=%d/scrape", edges), func(b *testing.B) { benchmarkScrape(b, edges, "text/plain") })
		b.Run(fmt.Sprintf("edges=%d/scrape-protobuf", edges), func(b *testing.B) { benchmarkScrape(b, edges, protobuf) })
		b.Run(fmt.Sprintf("edges=%d/push", edges), func(b *testing.B) { benchmarkPush(b, edges, false) })
		// As if weft gave up what Envoy counts of itself, which can't be left out
		// of what is pushed in any other way.
		b.Run(fmt.Sprintf("edges=%d/push-weft-only", edges), func(b *testing.B) { benchmarkPush(b, edges, true) })
	}
}

// interval is how often figures are flushed for a benchmark.
func interval(edges int) time.Duration {
	if edges > services {
		return 500 * time.Millisecond
	}
	return 50 * time.Millisecond
}

func benchmarkFlush(b *testing.B, edges int) {
	s := &sidecar{flush: interval(edges)}
	s.start(b)
	s.requests(b, edges)
	ticker := time.NewTicker(s.flush)
	defer ticker.Stop()
	before := cpu(b, s.pid)
	for b.Loop() {
		<-ticker.C
	}
	s.report(b, before, 0)
}

// protobuf asks Envoy for what it pushes, but for the frame.
const protobuf = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

func benchmarkScrape(b *testing.B, edges int, accept string) {
	s := &sidecar{flush: seldom}
	s.start(b)
	s.requests(b, edges)
	size, before := 0, cpu(b, s.pid)
	for b.Loop() {
		size += len(s.scrape(b, accept))
	}
	s.report(b, before, int64(size))
}

// seldom is no more often than needs be: Envoy wants a part of how long it keeps
// figures.
const seldom = envoy.StatsEviction / 3 * time.Second

// scrape asks as weft-metrics does: for weft's figures alone, on a connection of
// its own.
func (s *sidecar) scrape(b testing.TB, accept string) []byte {
	b.Helper()
	url := fmt.Sprintf("http://%s%s?filter=%s", s.metrics, envoy.StatsPath, `^(weft\.|server\.uptime$)`)
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("%s: %v\n%s", response.Status, err, body)
	}
	return body
}

func benchmarkPush(b *testing.B, edges int, onlyWeft bool) {
	a := &aggregator{}
	s := &sidecar{flush: interval(edges), pushTo: a.serve(b), onlyWeft: onlyWeft}
	s.start(b)
	s.requests(b, edges)
	a.await(b)
	a.await(b) // the first may have been on its way before the last request
	size, before := a.bytes.Load(), cpu(b, s.pid)
	for b.Loop() {
		a.await(b)
	}
	s.report(b, before, a.bytes.Load()-size)
}

func (a *aggregator) await(b *testing.B) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
	defer cancel()
	select {
	case <-a.told:
	case <-ctx.Done():
		b.Fatal("nothing is pushed")
	}
}

func (s *sidecar) report(b *testing.B, before time.Duration, bytes int64) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // the time is mostly waiting
	b.ReportMetric(float64((cpu(b, s.pid)-before).Microseconds())/float64(b.N), "cpu-µs/op")
	if bytes > 0 {
		b.ReportMetric(float64(bytes)/float64(b.N), "bytes/op")
	}
}

// weft-metrics asks for protobuf, and reads what Envoy's text says.
func TestProtobufSaysWhatTextDoes(t *testing.T) {
	s := &sidecar{flush: 50 * time.Millisecond}
	s.start(t)
	s.requests(t, services)
	deadline := time.Now().Add(20 * time.Second)
	for text := ""; !strings.Contains(text, envoy.FamilyClientDuration); time.Sleep(20 * time.Millisecond) {
		if text = string(s.scrape(t, "text/plain")); time.Now().After(deadline) {
			t.Fatalf("nothing is counted:\n%s", text)
		}
	}
	// Envoy merges its histograms now and then: only what nothing came between can
	// be compared.
	for {
		before, protobuf := s.scrape(t, "text/plain"), s.protobuf(t)
		if after := s.scrape(t, "text/plain"); !slices.Equal(series(string(before)), series(string(after))) {
			if time.Now().After(deadline) {
				t.Fatal("the figures never rest")
			}
			continue
		}
		if diff := cmp.Diff(series(string(before)), series(string(protobuf))); diff != "" {
			t.Errorf("(-text +protobuf)\n%s", diff)
		}
		return
	}
}

func (s *sidecar) protobuf(t *testing.T) []byte {
	t.Helper()
	body, err := figures.HTTP(s.metrics.Port())(t.Context(), figures.Target{Address: s.metrics.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// series are the lines of weft's series, but for the sums of histograms and
// what is the last bucket too.
func series(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, "{")
		if strings.HasPrefix(name, envoy.FamilyPrefix) && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_ms_count") {
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return all
}
