package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// sidecarAddress is of loopback, where each simulated sidecar has its own.
func sidecarAddress(pod int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 77, byte(pod / 250), byte(pod%250 + 1)})
}

// serveSidecars answers for that many sidecars as Envoy does. Each has edges,
// half of which it is called by, and traffic on all of them, all the time.
func serveSidecars(b *testing.B, pods, edges int) {
	b.Helper()
	began := time.Now()
	for pod := range pods {
		listener, err := net.Listen("tcp", netip.AddrPortFrom(sidecarAddress(pod), envoy.MetricsPort).String())
		if err != nil {
			b.Fatal(err)
		}
		server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(sidecarText(pod, pods, edges, int(time.Since(began).Seconds())))
		})}
		go server.Serve(listener)
		b.Cleanup(func() { server.Close() })
	}
}

// sidecarText is what it says after that many seconds, of 10 requests each on
// each edge.
func sidecarText(pod, pods, edges, seconds int) []byte {
	var text bytes.Buffer
	fmt.Fprintf(&text, "# TYPE envoy_server_uptime gauge\nenvoy_server_uptime{} %d\n", seconds+3600)
	for i := range edges {
		other := fmt.Sprintf("workload-%d", (pod+i)%pods/10)
		peer := fmt.Sprintf(`peer=%q,identity="spiffe://cluster.local/ns/shop/sa/%s",port="8080"`, model.Workload{Kind: "deployments", Name: other}.DNSName("shop"), other)
		requests, durations := envoy.FamilyServerRequests, envoy.FamilyServerDuration
		if i%2 == 0 {
			peer += fmt.Sprintf(`,service="shop/%s",split="",backend="outbound|shop/%s|80"`, other, other)
			requests, durations = envoy.FamilyClientRequests, envoy.FamilyClientDuration
		}
		fmt.Fprintf(&text, "%s{%s,code=\"200\",grpc=\"\",flags=\"-\"} %d\n%s{%s,code=\"503\",grpc=\"\",flags=\"UC\"} %d\n", requests, peer, seconds*9, requests, peer, seconds)
		for n, bound := range []string{
			"0.5", "1", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "30000", "60000", "300000", "600000", "1800000", "3600000", "+Inf",
		} {
			fmt.Fprintf(&text, "%s_bucket{%s,le=%q} %d\n", durations, peer, bound, min(n, 10)*seconds)
		}
		fmt.Fprintf(&text, "%s_sum{%s} %d.5\n%s_count{%s} %d\n", durations, peer, 40*seconds, durations, peer, 10*seconds)
	}
	return text.Bytes()
}
