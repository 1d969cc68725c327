//go:build linux

package pushscrape

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/envoy/envoytest"
	"github.com/weft-mesh/weft/translators/model"
)

// services are those that a sidecar calls: Envoy has figures of its own for
// each.
const services = 20

// sidecar is a real Envoy with the figures of a sidecar of weft.
type sidecar struct {
	pid                     int
	admin, metrics, traffic netip.AddrPort
	process                 *exec.Cmd
	flush                   time.Duration
	pushTo                  string
	onlyWeft                bool
}

// added is what a sidecar's bootstrap has beside its own: a listener whose
// requests are counted by what they say of themselves, and where figures are
// pushed to.
var added = template.Must(template.New("").Parse(`
listener:
  name: traffic
  address: {socket_address: {address: 127.0.0.1, port_value: {{.Traffic}}}}
  filter_chains:
  - filters:
    - name: envoy.filters.network.http_connection_manager
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
        stat_prefix: traffic
        route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster_header: x-cluster}}]}]}
        http_filters: [{name: envoy.filters.http.router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
        access_log:
        - name: envoy.access_loggers.stats
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config
            stats_scope: {prefix: weft, sharing_name: weft, enable_eviction: true, max_counters: {{.MaxCounters}}, max_histograms: {{.MaxHistograms}}}
            counters:
            - stat:
                name: client_requests_total
                tags: &tags
                - {name: peer, value_format: "%REQ(X-PEER)%"}
                - {name: identity, value_format: "%REQ(X-IDENTITY)%"}
                - {name: port, value_format: "8080"}
                - {name: service, value_format: "%REQ(X-SERVICE)%"}
                - {name: split, value_format: "%REQ(X-NONE)%"}
                - {name: backend, value_format: "%REQ(X-CLUSTER)%"}
                - {name: code, value_format: "%RESPONSE_CODE%"}
                - {name: grpc, value_format: "%REQ(X-NONE)%"}
                - {name: flags, value_format: "%RESPONSE_FLAGS%"}
              value_fixed: 1
            histograms:
            - stat:
                name: client_request_duration_ms
                tags:
                - {name: peer, value_format: "%REQ(X-PEER)%"}
                - {name: identity, value_format: "%REQ(X-IDENTITY)%"}
                - {name: port, value_format: "8080"}
                - {name: service, value_format: "%REQ(X-SERVICE)%"}
                - {name: split, value_format: "%REQ(X-NONE)%"}
                - {name: backend, value_format: "%REQ(X-CLUSTER)%"}
              unit: Milliseconds
              value_format: "%DURATION%"
sink:
  name: envoy.stat_sinks.metrics_service
  typed_config:
    "@type": type.googleapis.com/envoy.config.metrics.v3.MetricsServiceConfig
    transport_api_version: V3
    emit_tags_as_labels: true
    histogram_emit_mode: HISTOGRAM
    grpc_service: {envoy_grpc: {cluster_name: aggregator}}
aggregator:
  name: aggregator
  type: STATIC
  load_assignment: {cluster_name: aggregator, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: {{.Aggregator}}}}}}]}]}
  typed_extension_protocol_options:
    envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
      "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
      explicit_http_config: {http2_protocol_options: {}}
service:
  type: STATIC
  load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: {{.Upstream}}}}}}]}]}
`))

type object = map[string]any

// start runs the sidecar: with its own bootstrap, but without a control plane.
func (s *sidecar) start(b testing.TB) {
	b.Helper()
	upstream := http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.Header.Get("X-Code"))
		w.WriteHeader(code)
	})}
	listener := listen(b)
	go upstream.Serve(listener) // ends with Close
	b.Cleanup(func() { upstream.Close() })

	s.admin, s.metrics, s.traffic = free(b), free(b), free(b)
	file := s.bootstrap(b, portOf(listener))
	var log bytes.Buffer
	s.process = exec.Command(envoytest.Binary(b), "-c", file, "--concurrency", "1", "--use-dynamic-base-id", "--log-level", "error")
	s.process.Stderr = &log
	if err := s.process.Start(); err != nil {
		b.Fatal(err)
	}
	s.pid = s.process.Process.Pid
	b.Cleanup(func() {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
		if b.Failed() {
			b.Log(log.String())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get(fmt.Sprintf("http://%s/ready", s.admin))
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			b.Fatalf("Envoy is not ready: %v\n%s", err, log.String())
		}
	}
}

// bootstrap writes that of a sidecar without its control plane, with what is
// added, and gives its path.
func (s *sidecar) bootstrap(b testing.TB, upstream uint16) string {
	b.Helper()
	own := envoy.NewBootstrap("localhost", 1)
	own.RunDir = b.TempDir()
	own.AdminPort, own.MetricsPort, own.ReadyPort = s.admin.Port(), s.metrics.Port(), free(b).Port()
	files, err := envoy.BuildBootstrap(own)
	if err != nil {
		b.Fatal(err)
	}
	var pushedTo uint16
	if s.pushTo != "" {
		pushedTo = netip.MustParseAddrPort(s.pushTo).Port()
	}
	var text bytes.Buffer
	if err := added.Execute(&text, object{
		"Traffic": s.traffic.Port(), "Aggregator": pushedTo, "Upstream": upstream,
		"MaxCounters": envoy.MaxCounters, "MaxHistograms": envoy.MaxHistograms,
	}); err != nil {
		b.Fatal(err)
	}
	var base, more object
	for _, doc := range []struct {
		text string
		into *object
	}{{files[envoy.BootstrapFile], &base}, {text.String(), &more}} {
		if err := yaml.Unmarshal([]byte(doc.text), doc.into); err != nil {
			b.Fatal(err)
		}
	}
	delete(base, "dynamic_resources")
	static := base["static_resources"].(object)
	static["listeners"] = append(static["listeners"].([]any), more["listener"])
	clusters := slices.DeleteFunc(static["clusters"].([]any), func(c any) bool { return c.(object)["name"] == "control-plane" })
	for i := range services {
		service := more["service"].(object)
		assignment := object{"cluster_name": cluster(i), "endpoints": service["load_assignment"].(object)["endpoints"]}
		clusters = append(clusters, object{"name": cluster(i), "type": service["type"], "load_assignment": assignment})
	}
	base["stats_flush_interval"] = fmt.Sprintf("%.3fs", s.flush.Seconds())
	if s.pushTo != "" {
		clusters = append(clusters, more["aggregator"])
		base["stats_sinks"] = []any{more["sink"]}
	}
	if s.onlyWeft {
		patterns := base["stats_config"].(object)["stats_matcher"].(object)["inclusion_list"].(object)
		patterns["patterns"] = []object{{"prefix": "weft."}, {"prefix": "server.uptime"}}
	}
	static["clusters"] = clusters
	out, err := yaml.Marshal(base)
	if err != nil {
		b.Fatal(err)
	}
	files[envoy.BootstrapFile] = string(out)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(own.RunDir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return filepath.Join(own.RunDir, envoy.BootstrapFile)
}

// requests has the sidecar count: on each edge good answers and bad ones.
func (s *sidecar) requests(b testing.TB, edges int) {
	b.Helper()
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for i := range edges {
		for _, code := range []string{"200", "503"} {
			request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, fmt.Sprintf("http://%s/", s.traffic), http.NoBody)
			if err != nil {
				b.Fatal(err)
			}
			name := fmt.Sprintf("workload-%d", i)
			for key, value := range map[string]string{
				"x-peer": model.Workload{Kind: "deployments", Name: name}.DNSName("shop"), "x-identity": "spiffe://cluster.local/ns/shop/sa/" + name,
				"x-service": "shop/" + name, "x-cluster": cluster(i % services), "x-code": code,
			} {
				request.Header.Set(key, value)
			}
			response, err := client.Do(request)
			if err != nil {
				b.Fatal(err)
			}
			response.Body.Close()
			if got := strconv.Itoa(response.StatusCode); got != code {
				b.Fatalf("the upstream answers %s, want %s", got, code)
			}
		}
	}
}

func cluster(i int) string { return fmt.Sprintf("outbound|shop/workload-%d|80", i) }

// cpu is how long the process has run so far, on all of its threads.
func cpu(b testing.TB, pid int) time.Duration {
	b.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		b.Fatalf("process %d has no threads: %v", pid, err)
	}
	var sum time.Duration
	for _, file := range threads {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}

func listen(b testing.TB) net.Listener {
	b.Helper()
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// free is an address that nobody listens at.
func free(b testing.TB) netip.AddrPort {
	b.Helper()
	l := listen(b)
	defer l.Close()
	return netip.MustParseAddrPort(l.Addr().String())
}

func portOf(l net.Listener) uint16 { return netip.MustParseAddrPort(l.Addr().String()).Port() }
