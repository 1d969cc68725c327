//go:build linux

package envoy_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/weft-mesh/weft/translators/envoy"
	weft "github.com/weft-mesh/weft/translators/model"
)

// inPod is the environment of a sidecar of a Deployment, with metrics of the
// application's own or without.
func inPod(workload, application string) []string {
	return []string{"POD_NAME=pod-0", "POD_NAMESPACE=shop", envoy.WorkloadEnv + "=" + workload, envoy.ApplicationEnv + "=" + application}
}

// page is what a scraper reads; it must be Prometheus' text.
func (p *pod) page(t *testing.T, host, query string, header ...string) (string, map[string]*dto.MetricFamily) {
	t.Helper()
	got := ask(t, p.client, "GET", fmt.Sprintf("http://%s:%d%s%s", host, envoy.MetricsPort, envoy.MetricsPath, query), header...)
	if got.status != http.StatusOK {
		t.Fatalf("%d: %s", got.status, got.body)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(got.body))
	if err != nil {
		t.Fatalf("not Prometheus' text: %v\n%s", err, got.body)
	}
	if kind := got.header.Get("content-type"); kind != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("content-type %q", kind)
	}
	return got.body, families
}

// line waits until the page has each of the lines.
func (p *pod) shows(t *testing.T, lines ...string) {
	t.Helper()
	for _, line := range lines {
		p.eventually(line, func() error {
			if got, _ := p.page(t, "[::1]", ""); !strings.Contains("\n"+got, "\n"+line+"\n") {
				var near []string
				for l := range strings.Lines(got) {
					if name, _, _ := strings.Cut(line, "{"); strings.HasPrefix(l, name) {
						near = append(near, l)
					}
				}
				return fmt.Errorf("there is\n%s", strings.Join(near, ""))
			}
			return nil
		})
	}
}

// tells serves metrics of an application's own.
func (p *pod) tells(address string, answer http.HandlerFunc) {
	p.t.Helper()
	l := p.listen(address)
	s := &http.Server{Handler: answer}
	go s.Serve(l)
	p.t.Cleanup(func() { s.Close() })
}

// A scraper finds the application's metrics and the sidecar's on one page,
// whatever address of the pod it asks.
func TestApplicationMetricsAreMerged(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, scraper := m.pod("server"), m.pod("scraper")
	var asked atomic.Pointer[http.Request]
	server.tells(":9102", func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r)
		w.Header().Set("content-type", "text/plain; version=0.0.4")
		io.WriteString(w, "# HELP jobs Jobs.\n# TYPE jobs counter\njobs{queue=\"a\"} 7") // and no line's end
	})
	server.env = inPod("deployments/web", "http://:9102/app/metrics")
	server.sidecar("web", views{inbound: serves(weft.ProtocolHTTP, weft.Policy{}, 9102)})

	for _, host := range []string{server.addr4.String(), "[" + server.addr6.String() + "]"} {
		body, families := scraper.page(t, host, "?name[]=x&filter=^nothing$",
			"accept", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", "accept-encoding", "gzip")
		if got := families["jobs"]; got == nil || got.Metric[0].GetCounter().GetValue() != 7 {
			t.Errorf("%s: no metrics of the application:\n%s", host, body)
		}
		for _, name := range []string{"envoy_server_uptime", "istio_requests_total"} {
			if families[name] == nil {
				t.Errorf("%s: no %s", host, name)
			}
		}
		if got := families["weft_application_up"]; got == nil || got.Metric[0].GetGauge().GetValue() != 1 {
			t.Errorf("%s: the application is not up", host)
		}
		r := asked.Load()
		if r.RequestURI != "/app/metrics?name[]=x&filter=^nothing$" || r.Host != host+":9102" || !strings.HasPrefix(r.Header.Get("accept"), "text/plain") || r.Header.Get("accept-encoding") != "" {
			t.Errorf("the application was asked %s %s %v", r.Host, r.RequestURI, r.Header)
		}
	}
	if got := ask(t, scraper.client, "GET", fmt.Sprintf("http://%s:9102/app/metrics", server.addr4)); got.status != http.StatusForbidden {
		t.Errorf("the application's own port answers %d to who is not in the mesh", got.status)
	}
	if got := ask(t, scraper.client, "GET", fmt.Sprintf("http://%s:%d%s", server.addr4, envoy.MetricsPort, envoy.StatsPath)); strings.Contains(got.body, "jobs") || strings.Contains(got.body, "\nistio_") {
		t.Errorf("%s has more than Envoy's figures:\n%s", envoy.StatsPath, got.body)
	}
}

// What the application says wrong, or does not say, costs the page nothing else.
func TestApplicationsThatDoNotAnswerWell(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	const text = "text/plain; version=0.0.4"
	for name, c := range map[string]struct {
		url    string
		answer http.HandlerFunc
		up     bool
	}{
		"over TLS":       {"https://:9102/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "jobs 1\n") }, true},
		"an empty page":  {"http://:9102/", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("content-type", text) }, true},
		"nobody listens": {"http://:9103/", nil, false},
		"an error":       {"http://:9102/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); io.WriteString(w, "sorry") }, false},
		"a web page": {"http://:9102/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-type", "text/html")
			io.WriteString(w, "<p>sorry")
		}, false},
		"another format": {"http://:9102/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-type", "application/openmetrics-text; version=1.0.0")
			io.WriteString(w, "# EOF")
		}, false},
		"compressed all the same": {"http://:9102/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-encoding", "gzip")
			io.WriteString(w, "\x1f\x8b")
		}, false},
		"more than fits": {"http://:9102/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-type", text)
			for i := range 9 << 20 / 100 {
				fmt.Fprintf(w, "jobs{name=%q} 1\n", fmt.Sprintf("%090d", i))
			}
		}, false},
		"as much as fits": {"http://:9102/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("content-type", text)
			for i := range 7 << 20 / 105 {
				fmt.Fprintf(w, "jobs{name=%q} 1\n", fmt.Sprintf("%090d", i))
			}
		}, true},
		"it hangs": {"http://:9102/", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := m.pod("server")
			if strings.HasPrefix(c.url, "https") {
				s := &http.Server{Handler: c.answer, TLSConfig: serverTLS(t, m.ca)}
				go s.ServeTLS(p.listen(":9102"), "", "")
				t.Cleanup(func() { s.Close() })
			} else if c.answer != nil {
				p.tells(":9102", c.answer)
			}
			p.env = inPod("deployments/web", c.url)
			p.sidecar("web", views{})
			timeout := "5"
			if name == "it hangs" {
				timeout = "0.5"
			}
			body, families := p.page(t, p.addr4.String(), "", "x-prometheus-scrape-timeout-seconds", timeout)
			if got := families["weft_application_up"]; got == nil || (got.Metric[0].GetGauge().GetValue() == 1) != c.up {
				t.Errorf("up is not %v: %s", c.up, body[:min(len(body), 300)])
			}
			if families["envoy_server_uptime"] == nil || families["response_total"] == nil {
				t.Error("the sidecar's own metrics are missing")
			}
		})
	}
}

// Requests are there under the names and labels that Flagger's queries ask for,
// and success is, before there was any request.
func TestFamiliesOfFlagger(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.echoes(":8080")
	server.env = inPod("deployments/web", "")
	in := serves(weft.ProtocolHTTP, weft.Policy{Callers: []weft.Caller{{Identity: account("front"), Routes: []weft.AllowedRoute{
		{Name: "shop/web/a", Match: weft.HTTPMatch{PathRegex: "/a"}}, {Name: "shop/web/b", Match: weft.HTTPMatch{PathRegex: "/b"}},
	}}}}, 8080)
	server.sidecar("web", views{inbound: in})
	v1 := service{port("shop", "v1", 80), weft.ProtocolHTTP, "198.19.0.2", []weft.Identity{account("web")}, []weft.Endpoint{server.meshed(8080)}}
	v := views{}.calls(web("198.19.0.1", server.meshed(8080))).calls(v1)
	v.outbound[0].Routes[0] = weft.OutboundRoute{Name: "shop/canary", Backends: []weft.WeightedCluster{{Cluster: v1.name, Weight: 1}}}
	client.env = inPod("deployments/front", "")
	client.sidecar("front", v)

	const (
		istio = `reporter="destination",source_workload="%s",source_workload_namespace="%s",%sdestination_workload="web",destination_workload_namespace="shop",%sconnection_security_policy="%s"`
		osm   = `source_kind="%s",source_name="%s",source_namespace="%s",destination_kind="Deployment",destination_name="web",destination_namespace="shop"`
	)
	identity := `spiffe://weft.test/ns/shop/sa/front`
	nobody := fmt.Sprintf(istio, "unknown", "unknown", "", "", "none")
	someone := fmt.Sprintf(istio, "client", "shop", `source_principal="`+identity+`",`, `destination_port="8080",`, "mutual_tls")
	caller := fmt.Sprintf(osm, "Deployment", "client", "shop") + `,destination_port="8080"`
	linkerd := `direction="inbound",namespace="shop",deployment="web",`
	tls := linkerd + `target_port="8080",client_id="` + identity + `",tls="true"`

	zero := []string{
		`istio_requests_total{` + nobody + `,request_protocol="http",response_code="200",response_flags="-"} 0`,
		`osm_request_total{` + fmt.Sprintf(osm, "unknown", "unknown", "unknown") + `,response_code="200"} 0`,
		`response_total{` + linkerd + `tls="no_identity",status_code="200",classification="success"} 0`,
	}
	server.shows(t, zero...)
	for _, path := range []string{"/a", "/b", "/b", "/denied"} {
		ask(t, client.client, "GET", "http://198.19.0.1"+path)
	}
	server.shows(t, append(zero,
		`istio_requests_total{`+someone+`,request_protocol="http",response_code="200",response_flags="-"} 3`,
		`istio_request_duration_milliseconds_bucket{`+someone+`,le="+Inf"} 3`,
		`istio_request_duration_milliseconds_count{`+someone+`} 3`,
		`osm_request_total{`+caller+`,response_code="200"} 3`,
		`osm_request_duration_ms_bucket{`+caller+`,le="+Inf"} 3`,
		`response_total{`+tls+`,status_code="200",classification="success"} 3`,
		`response_latency_ms_bucket{`+tls+`,le="+Inf"} 3`,
		`response_latency_ms_count{`+tls+`} 3`,
	)...)

	// Its caller's sidecar tells which backend was chosen.
	sent := `reporter="source",source_workload="front",source_workload_namespace="shop",destination_workload="server",destination_workload_namespace="shop",` +
		`destination_principal="spiffe://weft.test/ns/shop/sa/web",destination_service="v1.shop.svc.cluster.local",destination_service_name="v1",` +
		`destination_service_namespace="shop",destination_port="80",connection_security_policy="mutual_tls"`
	client.shows(t,
		`istio_requests_total{`+sent+`,request_protocol="http",response_code="200",response_flags="-"} 3`,
		`istio_requests_total{`+sent+`,request_protocol="http",response_code="403",response_flags="-"} 1`,
		`istio_request_duration_milliseconds_count{`+sent+`} 4`,
	)

	// A change of what is wanted holds from the next scrape on.
	if err := os.WriteFile(filepath.Join(server.dir, "families"), []byte("osm\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, families := server.page(t, "[::1]", "")
	if families["osm_request_total"] == nil || families["istio_requests_total"] != nil || families["response_total"] != nil {
		t.Errorf("not osm alone: %v", slices.Sorted(maps.Keys(families)))
	}
}

// What fails is told apart as traffic's own API does.
func TestFamiliesTellFailures(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.tells(":8080", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/reset" {
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				io.WriteString(c, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbroken")
				c.Close()
			}
			return
		}
		status := 200
		fmt.Sscanf(r.URL.Path, "/%d", &status)
		if status := r.URL.Query().Get("grpc"); status != "" {
			w.Header().Set("grpc-status", status)
			w.Header().Set("content-type", "application/grpc")
		}
		w.WriteHeader(status)
	})
	server.env = inPod("statefulsets/db", "")
	server.sidecar("web", views{inbound: serves(weft.ProtocolHTTP, allow("front"), 8080)})
	client.sidecar("front", views{}.calls(web("198.19.0.1", server.meshed(8080))))
	for _, path := range []string{"/503", "/404"} {
		ask(t, client.client, "GET", "http://198.19.0.1"+path)
	}
	for _, path := range []string{"/200?grpc=13", "/200?grpc=5"} {
		ask(t, client.client, "POST", "http://198.19.0.1"+path, "content-type", "application/grpc")
	}
	if r, err := client.client.Get("http://198.19.0.1/reset"); err == nil {
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	tls := `response_total{direction="inbound",namespace="shop",statefulset="db",target_port="8080",client_id="spiffe://weft.test/ns/shop/sa/front",tls="true"`
	server.shows(t,
		tls+`,status_code="503",classification="failure"} 1`,
		tls+`,status_code="404",classification="success"} 1`,
		tls+`,status_code="200",grpc_status="13",classification="failure"} 1`,
		tls+`,status_code="200",grpc_status="5",classification="success"} 1`,
		tls+`,status_code="200",classification="failure"} 1`,
	)
}

// Connections of TCP, as Istio calls them.
func TestFamiliesHaveConnections(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	server, client := m.pod("server"), m.pod("client")
	server.greets(":5432")
	server.env, client.env = inPod("statefulsets/db", ""), inPod("deployments/front", "")
	server.sidecar("web", views{inbound: serves(weft.ProtocolTCP, allow("front"), 5432)})
	client.sidecar("front", views{}.calls(service{
		port("shop", "db", 5432), weft.ProtocolTCP, "198.19.0.1", []weft.Identity{account("web")}, []weft.Endpoint{server.meshed(5432)},
	}))
	c, err := client.dial(t.Context(), "198.19.0.1:5432")
	if err != nil {
		t.Fatal(err)
	}
	talk(t, c)
	c.Close()
	in := `{reporter="destination",source_workload="client",source_workload_namespace="shop",source_principal="spiffe://weft.test/ns/shop/sa/front",` +
		`destination_workload="db",destination_workload_namespace="shop",destination_port="5432",connection_security_policy="mutual_tls",request_protocol="tcp"`
	out := `{reporter="source",source_workload="front",source_workload_namespace="shop",destination_workload="server",destination_workload_namespace="shop",` +
		`destination_principal="spiffe://weft.test/ns/shop/sa/web",destination_service="db.shop.svc.cluster.local",destination_service_name="db",` +
		`destination_service_namespace="shop",destination_port="5432",connection_security_policy="mutual_tls",request_protocol="tcp"`
	server.shows(t,
		"istio_tcp_connections_closed_total"+in+`,response_flags="-"} 1`,
		"istio_tcp_received_bytes_total"+in+"} 6",
		"istio_tcp_sent_bytes_total"+in+"} 24",
	)
	client.shows(t,
		"istio_tcp_connections_closed_total"+out+`,response_flags="-"} 1`,
		"istio_tcp_received_bytes_total"+out+"} 6",
		"istio_tcp_sent_bytes_total"+out+"} 24",
	)
}
