package xds

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reasons for which something that a proxy sent was ignored.
const (
	reasonType   = "type_url"
	reasonNonce  = "nonce"
	reasonName   = "name"
	reasonDemand = "on_demand_limit"
	reasonToken  = "token"
)

// metrics are what operators see of the server.
type metrics struct {
	streams prometheus.Gauge
	cut     prometheus.Counter
	panics  prometheus.Counter
	bad     *prometheus.CounterVec
	byType  [numTypes]typeMetrics
	secrets *prometheus.CounterVec
}

// typeMetrics are those of one resource type.
type typeMetrics struct {
	pushes, resources, bytes, nacks, rejected prometheus.Counter
	answer                                    prometheus.Observer
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "weft", Subsystem: "xds", Name: name, Help: help}, labels)
	}
	streams := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "weft", Subsystem: "xds", Name: "streams", Help: "Proxies that are connected."})
	pushes := counter("pushes_total", "Responses sent.", "type")
	resources := counter("resources_total", "Resources sent or removed.", "type")
	bytes := counter("bytes_total", "Bytes of responses sent.", "type")
	nacks := counter("nacks_total", "Responses that a proxy refused.", "type")
	rejected := counter("rejected_resources_total", "Resources that a proxy refused by themselves.", "type")
	cut := counter("slow_streams_total", "Streams ended because the proxy did not read.")
	panics := counter("panics_total", "Streams ended by a defect.")
	bad := counter("ignored_total", "Things that proxies sent and that were ignored.", "reason")
	secrets := counter("certificates_total", "Workload certificates by outcome.", "outcome")
	answers := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "weft", Subsystem: "xds", Name: "push_duration_seconds",
		Help:    "Time from a response to the proxy's answer.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60},
	}, []string{"type"})
	var errs []error
	for _, c := range []prometheus.Collector{streams, pushes, resources, bytes, nacks, rejected, cut, panics, bad, secrets, answers} {
		errs = append(errs, r.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register xDS metrics: %w", err)
	}
	m := &metrics{streams: streams, cut: cut.WithLabelValues(), panics: panics.WithLabelValues(), bad: bad, secrets: secrets}
	for t := range m.byType {
		name := Type(t).String()
		m.byType[t] = typeMetrics{
			pushes: pushes.WithLabelValues(name), resources: resources.WithLabelValues(name), bytes: bytes.WithLabelValues(name),
			nacks: nacks.WithLabelValues(name), rejected: rejected.WithLabelValues(name), answer: answers.WithLabelValues(name),
		}
	}
	return m, nil
}

func (m *metrics) pushed(t Type, resources, bytes int) {
	m.byType[t].pushes.Inc()
	m.byType[t].resources.Add(float64(resources))
	m.byType[t].bytes.Add(float64(bytes))
}

func (m *metrics) answered(t Type, after time.Duration, refused bool) {
	m.byType[t].answer.Observe(after.Seconds())
	if refused {
		m.byType[t].nacks.Inc()
	}
}

func (m *metrics) rejected(t Type) { m.byType[t].rejected.Inc() }

func (m *metrics) ignored(reason string) { m.bad.WithLabelValues(reason).Inc() }
