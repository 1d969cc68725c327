//go:build linux

package envoy_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// The kubelet has no sidecar and no identity; what it asks must be what the
// application answers, and nothing else of the application may be open to it.
// Trap 55: each kind of probe, with a host of its own, is answered as the application would, and opens
// nothing else.
func TestProbesReachTheApplicationUnderStrictMTLS(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	app := m.pod("app")
	var well atomic.Bool
	well.Store(true)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !well.Load():
			w.WriteHeader(http.StatusInternalServerError)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case r.RequestURI != `/live?full=1&x=\1`:
			w.WriteHeader(http.StatusNotFound)
		case r.Host != "app.example":
			w.WriteHeader(http.StatusMisdirectedRequest)
		}
	})
	// On the pod's own address alone, as some applications listen.
	go http.Serve(app.listen(app.addr4.String()+":8080"), handler)
	go http.Serve(tls.NewListener(app.listen("0.0.0.0:8443"), serverTLS(t, m.ca)), handler)
	tcp := app.greets("0.0.0.0:5432")
	serving := health.NewServer()
	g := grpc.NewServer()
	healthv1.RegisterHealthServer(g, serving)
	serving.SetServingStatus("shop", healthv1.HealthCheckResponse_SERVING)
	go g.Serve(app.listen("0.0.0.0:9090"))
	t.Cleanup(g.Stop)

	probe := func(name string, kind model.ProbeKind, port uint16, target string) model.Probe {
		return model.Probe{Path: "/weft-probe/app/" + name, Kind: kind, Port: port, Target: target, Host: "app.example", Service: "shop", Period: time.Second, Timeout: time.Second}
	}
	app.sidecar("web", views{inbound: model.Inbound{MTLS: model.MTLSStrict, Probes: []model.Probe{
		probe("http", model.ProbeHTTP, 8080, `/live?full=1&x=\1`), probe("https", model.ProbeHTTPS, 8443, `/live?full=1&x=\1`),
		probe("moved", model.ProbeHTTP, 8080, "/moved"),
		probe("tcp", model.ProbeTCP, 5432, ""), probe("grpc", model.ProbeGRPC, 9090, ""),
		probe("nobody", model.ProbeHTTP, 8081, "/"), probe("nothing", model.ProbeTCP, 5433, ""),
		// Nobody's injector wrote these; they may cost nothing but themselves.
		{Path: "no slash", Kind: model.ProbeHTTP, Port: 1},
		{Path: "/weft-probe/app/bad", Kind: model.ProbeHTTP, Port: 1, Target: "/a\nb"},
	}}})
	kubelet := &pod{netns: m.host, mesh: m}
	client := kubelet.newClient()
	expect := func(address string, want map[string]int) {
		t.Helper()
		for name, status := range want {
			kubelet.eventually(name, func() error {
				r, err := client.Get(fmt.Sprintf("http://%s:%d/weft-probe/app/%s", address, envoy.ProbePort, name))
				if err != nil {
					return err
				}
				defer r.Body.Close()
				if r.StatusCode != status {
					return fmt.Errorf("%s, want %d", r.Status, status)
				}
				return nil
			})
		}
	}
	expect(app.addr4.String(), map[string]int{"http": 200, "https": 200, "moved": 302, "tcp": 200, "grpc": 200, "nobody": 503, "nothing": 503, "unknown": 404, "http/more": 404})
	expect("["+app.addr6.String()+"]", map[string]int{"https": 200, "tcp": 200})

	well.Store(false)
	tcp.Close()
	serving.SetServingStatus("shop", healthv1.HealthCheckResponse_NOT_SERVING)
	expect(app.addr4.String(), map[string]int{"http": 500, "https": 500, "tcp": 503, "grpc": 503})

	well.Store(true)
	app.greets("0.0.0.0:5432")
	serving.SetServingStatus("shop", healthv1.HealthCheckResponse_SERVING)
	expect(app.addr4.String(), map[string]int{"http": 200, "https": 200, "tcp": 200, "grpc": 200})
}
