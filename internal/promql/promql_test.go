package promql

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	testclock "k8s.io/utils/clock/testing"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/internal/promql/history"
	"github.com/weft-mesh/weft/translators/model"
)

var (
	web    = figures.Workload{Namespace: "shop", Kind: "deployments", Name: "web"}
	caller = figures.Workload{Namespace: "shop", Kind: "deployments", Name: "client"}
)

// world is a Server over a history that the test writes.
type world struct {
	*testing.T
	store  *history.Store
	server *Server
	clock  *testclock.FakeClock
	// there are the workloads that exist.
	there  []figures.Workload
	splits []*model.Split
}

func newWorld(t *testing.T, families ...string) *world {
	t.Helper()
	w := &world{T: t, clock: testclock.NewFakeClock(time.Unix(1_700_000_000, 0)), there: []figures.Workload{web}}
	registry := prometheus.NewRegistry()
	var err error
	w.store, err = history.New(history.Options{
		Cluster: func() (history.Cluster, error) {
			c := history.Cluster{Splits: w.splits}
			for _, own := range w.there {
				c.Targets = append(c.Targets, figures.Target{Own: own})
			}
			return c, nil
		},
		Clock: w.clock, Log: logr.Discard(), Registerer: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.server, err = New(Options{Store: w.store, Families: families, MaxSamples: 50_000, Clock: w.clock, Log: logr.Discard(), Registerer: registry}); err != nil {
		t.Fatal(err)
	}
	return w
}

// ticks lets time pass, and calls each before every tick.
func (w *world) ticks(n int, each ...func()) {
	for range n {
		w.clock.Step(figures.DefaultInterval)
		for _, f := range each {
			f()
		}
		w.store.Tick()
	}
}

// answered counts requests by code.
func (w *world) answered(code string, n uint64) func() {
	d := served(web)
	d.Code, d.Failed = code, code[0] == '5'
	a := w.store.Open(d)
	return func() { a.Count(n) }
}

func served(own figures.Workload) figures.Detail {
	return figures.Detail{
		Figure: figures.Requests, Side: figures.Server, Own: own, Peer: caller, PeerIdentity: "spiffe://weft.mesh/ns/shop/sa/client",
		Port: 8080, Protocol: model.ProtocolHTTP, Code: "200",
	}
}

// took counts durations of one size.
func (w *world) took(bucket int, n uint64) func() {
	d := served(web)
	d.Figure, d.Code = figures.Durations, ""
	a := w.store.Open(d)
	var h figures.Histogram
	h[bucket] = n
	return func() { a.Durations(&h) }
}

type reply struct {
	Status, ErrorType, Error string
	Data                     json.RawMessage
}

func (r reply) String() string {
	return fmt.Sprintf("%s %s %s %.500s", r.Status, r.ErrorType, r.Error, r.Data)
}

// get asks a path of the API.
func (w *world) get(path string, parameters url.Values) (int, reply) {
	w.Helper()
	rec := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path+"?"+parameters.Encode(), http.NoBody))
	var r reply
	if err := json.Unmarshal(rec.Body.Bytes(), &r); err != nil {
		w.Fatalf("%s: %v: %s", path, err, rec.Body)
	}
	return rec.Code, r
}

// values are of an instant query's vector.
func (w *world) values(query string) []string {
	w.Helper()
	status, r := w.get("/api/v1/query", url.Values{"query": {query}})
	if status != http.StatusOK {
		w.Fatalf("%s: status %d: %v", query, status, r)
	}
	var data struct {
		ResultType string
		Result     []struct{ Value [2]any }
	}
	if err := json.Unmarshal(r.Data, &data); err != nil || data.ResultType != "vector" {
		w.Fatalf("%s: %v: %s", query, err, r.Data)
	}
	values := []string{}
	for _, one := range data.Result {
		values = append(values, one.Value[1].(string))
	}
	return values
}
