package promql

import (
	"slices"
	"strings"
	"testing"
)

// What Flagger 1.44.0 asks of its providers, for a Deployment web in the
// namespace shop.
var flagger = map[string]struct{ success, duration string }{
	Istio: {`
	sum(
		rate(
			istio_requests_total{
				reporter="destination",
				destination_workload_namespace="shop",
				destination_workload=~"web",
				response_code!~"5.*"
			}[1m]
		)
	)
	/
	sum(
		rate(
			istio_requests_total{
				reporter="destination",
				destination_workload_namespace="shop",
				destination_workload=~"web"
			}[1m]
		)
	)
	* 100`, `
	histogram_quantile(
		0.99,
		sum(
			rate(
				istio_request_duration_milliseconds_bucket{
					reporter="destination",
					destination_workload_namespace="shop",
					destination_workload=~"web"
				}[1m]
			)
		) by (le)
	)`},
	OSM: {`
	sum(
		rate(
			osm_request_total{
				destination_namespace="shop",
				destination_kind="Deployment",
				destination_name="web",
				response_code!~"5.*"
			}[1m]
		)
	)
	/
	sum(
		rate(
			osm_request_total{
				destination_namespace="shop",
				destination_kind="Deployment",
				destination_name="web"
			}[1m]
		)
	)
	* 100`, `
	histogram_quantile(
		0.99,
		sum(
			rate(
				osm_request_duration_ms_bucket{
					destination_namespace="shop",
					destination_kind="Deployment",
					destination_name="web"
				}[1m]
			)
		) by (le)
	)`},
	Linkerd: {`
	sum(
		rate(
			response_total{
				namespace="shop",
				deployment=~"web",
				classification!="failure",
				direction="inbound"
			}[1m]
		)
	)
	/
	sum(
		rate(
			response_total{
				namespace="shop",
				deployment=~"web",
				direction="inbound"
			}[1m]
		)
	)
	* 100`, `
	histogram_quantile(
		0.99,
		sum(
			rate(
				response_latency_ms_bucket{
					namespace="shop",
					deployment=~"web",
					direction="inbound"
				}[1m]
			)
		) by (le)
	)`},
}

func TestFlaggersQueries(t *testing.T) {
	w := newWorld(t, Families()...)
	w.ticks(14, w.answered("200", 30), w.answered("503", 10), w.took(6, 40))
	for family, ask := range flagger {
		if got := w.values(ask.success); !slices.Equal(got, []string{"75"}) {
			t.Errorf("%s: success %v, want 75", family, got)
		}
		// All are between 50 and 100 ms.
		if got := w.values(ask.duration); !slices.Equal(got, []string{"99.5"}) {
			t.Errorf("%s: duration %v, want 99.5", family, got)
		}
	}
	if got := w.values("vector(1)"); !slices.Equal(got, []string{"1"}) {
		t.Errorf("Flagger's question whether anybody is there: %v", got)
	}
}

// Where all fail, Flagger is to hear 0, and not that there are no values.
func TestNothingSucceeds(t *testing.T) {
	w := newWorld(t, Families()...)
	w.ticks(3)
	w.ticks(14, w.answered("503", 10))
	for family, ask := range flagger {
		if got := w.values(ask.success); !slices.Equal(got, []string{"0"}) {
			t.Errorf("%s: success %v, want 0", family, got)
		}
	}
}

// Each workload has its series of success before anything was counted.
func TestZerosFromTheFirst(t *testing.T) {
	w := newWorld(t, Families()...)
	w.ticks(1)
	for _, selector := range []string{
		`istio_requests_total{reporter="destination",destination_workload="web",destination_workload_namespace="shop",response_code="200"}`,
		`osm_request_total{destination_kind="Deployment",destination_name="web",destination_namespace="shop",response_code="200"}`,
		`response_total{direction="inbound",deployment="web",namespace="shop",classification="success"}`,
	} {
		if got := w.values(selector); !slices.Equal(got, []string{"0"}) {
			t.Errorf("%s: %v, want 0", selector, got)
		}
	}
}

func TestFamiliesThatAreOff(t *testing.T) {
	w := newWorld(t, Linkerd)
	w.ticks(14, w.answered("200", 30), w.took(6, 40))
	for family, ask := range flagger {
		want := []string{}
		if family == Linkerd {
			want = []string{"100"}
		}
		if got := w.values(ask.success); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", family, got, want)
		}
	}
	if _, err := New(Options{Families: []string{"kuma"}}); err == nil || !strings.Contains(err.Error(), `family "kuma"`) {
		t.Errorf("a family that there is none of: %v", err)
	}
}
