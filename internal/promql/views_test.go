package promql

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// No two series have the same labels: whatever tells two details apart is a
// label of every view.
func TestViewsTellSeriesApart(t *testing.T) {
	base := figures.Detail{
		Own: web, Peer: caller, PeerIdentity: "spiffe://a", Port: 80, Protocol: model.ProtocolHTTP,
		Code: "200", GRPC: "0", Flags: "UC",
	}
	all, err := views(Families())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		for _, side := range []figures.Side{figures.Server, figures.Client} {
			if v.side != "" && v.side != side {
				continue
			}
			d := base
			d.Figure, d.Side = v.figure, side
			if side == figures.Client {
				key := model.Key{Namespace: "shop", Name: "x"}
				d.Service, d.Split, d.Backend = key, key, key
			}
			for _, other := range others(d) {
				if reflect.DeepEqual(valuesOf(v, d), valuesOf(v, other)) {
					t.Errorf("%s: the same labels for\n%+v\n%v", v.metric, d, other)
				}
			}
		}
	}
}

// others differ from a detail in one thing that one of its figure can differ in.
func others(d figures.Detail) (all []figures.Detail) {
	add := func(change func(*figures.Detail)) {
		o := d
		change(&o)
		all = append(all, o)
	}
	for _, kind := range []string{"statefulsets", "rollouts", "pods"} {
		add(func(o *figures.Detail) { o.Own.Kind = kind })
		add(func(o *figures.Detail) { o.Peer.Kind = kind })
	}
	add(func(o *figures.Detail) { o.Own.Namespace = "other" })
	add(func(o *figures.Detail) { o.Own.Name = "other" })
	add(func(o *figures.Detail) { o.Peer.Namespace = "other" })
	add(func(o *figures.Detail) { o.Peer.Name = "other" })
	add(func(o *figures.Detail) { o.PeerIdentity = "spiffe://b" })
	add(func(o *figures.Detail) { o.Port = 81 })
	if d.Side == figures.Client {
		other := model.Key{Namespace: "shop", Name: "other"}
		add(func(o *figures.Detail) { o.Service = other })
		add(func(o *figures.Detail) { o.Split = other })
		add(func(o *figures.Detail) { o.Backend = other })
	}
	if d.Figure == figures.Requests {
		add(func(o *figures.Detail) { o.Code = "201" })
		add(func(o *figures.Detail) { o.GRPC = "5" })
		add(func(o *figures.Detail) { o.GRPC = "" })
	}
	if d.Figure == figures.Requests || d.Figure == figures.Connections {
		add(func(o *figures.Detail) { o.Flags = "UF" })
	}
	return all
}

func valuesOf(v view, d figures.Detail) map[string]string {
	values := map[string]string{}
	for _, l := range v.labels {
		if s := l.value(&d); s != "" {
			values[l.name] = s
		}
	}
	return values
}

// What callers saw of each backend of a split, as Argo's own examples for Istio
// ask for it.
func TestWhatCallersSaw(t *testing.T) {
	w := newWorld(t, Istio)
	root, canary := model.Key{Namespace: "shop", Name: "web"}, model.Key{Namespace: "shop", Name: "web-canary"}
	w.splits = []*model.Split{{Key: root, Root: root, Backends: []model.Backend{{Service: root}, {Service: canary}}}}
	w.there = append(w.there, caller)
	const ask = `sum(rate(istio_requests_total{reporter="source",destination_service=~"web-canary.shop.svc.cluster.local",response_code!~"5.*"}[1m]))` +
		`/sum(rate(istio_requests_total{reporter="source",destination_service_name="web-canary",destination_service_namespace="shop"}[1m]))`
	zeros := `istio_requests_total{reporter="source",source_workload="unknown",response_code="200",destination_service_name=~"web.*"}`
	w.ticks(1)
	if got := w.values(zeros); !slices.Equal(got, []string{"0", "0"}) {
		t.Errorf("before any call: %v", got)
	}
	failed := w.store.Open(figures.Detail{
		Side: figures.Client, Own: caller, Peer: web, PeerIdentity: "spiffe://x", Service: root, Split: root, Backend: canary,
		Port: 80, Protocol: model.ProtocolHTTP, Code: "503", Failed: true,
	})
	w.ticks(13, func() { failed.Count(5) })
	if got := w.values(ask); !slices.Equal(got, []string{"0"}) {
		t.Errorf("when all failed: %v", got)
	}
	if got := w.values(`istio_requests_total{destination_service_name="web",source_workload="client"}`); len(got) != 0 {
		t.Errorf("of the other backend: %v", got)
	}
}

// A series says that it has ended: who asks then does not get what it was.
func TestWhatHasGone(t *testing.T) {
	w := newWorld(t, OSM)
	w.ticks(3, w.answered("200", 1))
	w.there = nil
	w.ticks(1)
	if got := w.values("osm_request_total"); len(got) != 0 {
		t.Errorf("%v", got)
	}
	if got := w.values("max_over_time(osm_request_total[1m]) > 0"); !slices.Equal(got, []string{"3"}) {
		t.Errorf("what it was: %v", got)
	}
}

// The sum of buckets is what Prometheus has: each holds all that is smaller.
func TestBuckets(t *testing.T) {
	w := newWorld(t, Istio)
	w.ticks(3, w.took(0, 1), w.took(5, 2), w.took(19, 4))
	for le, want := range map[string]string{"0.5": "3", "25": "3", "50": "9", "3600000": "9", "+Inf": "21"} {
		q := fmt.Sprintf(`istio_request_duration_milliseconds_bucket{le=%q}`, le)
		if got := w.values(q); !slices.Equal(got, []string{want}) {
			t.Errorf("le %s: %v, want %s", le, got, want)
		}
	}
	if got := w.values(`istio_request_duration_milliseconds_count`); !slices.Equal(got, []string{"21"}) {
		t.Errorf("count: %v", got)
	}
	if status, r := w.get(query, url.Values{"query": {`histogram_quantile(0.5, istio_request_duration_milliseconds_bucket)`}}); status != http.StatusOK || strings.Contains(string(r.Data), "NaN") {
		t.Errorf("%d %v", status, r)
	}
}

func TestWhoLeavesIsNotAnswered(t *testing.T) {
	w := newWorld(t, Families()...)
	w.ticks(2, w.answered("200", 1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := querier{queryable: w.server.data}
	if _, _, err := q.LabelNames(ctx, nil); err == nil {
		t.Error("no error")
	}
	if set := q.Select(ctx, true, nil); set.Err() == nil {
		t.Error("no error")
	}
}
