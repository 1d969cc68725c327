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
	streams    prometheus.Gauge
	behind     prometheus.Gauge
	unanswered prometheus.Gauge
	connects   prometheus.Counter
	delayed    prometheus.Counter
	panics     prometheus.Counter
	cut        *prometheus.CounterVec
	bad        *prometheus.CounterVec
	secrets    *prometheus.CounterVec
	issuing    prometheus.Histogram
	sending    prometheus.Histogram
	sync       [2]prometheus.Observer // of a change, and of all after a connect
	byType     [numTypes]typeMetrics
}

// typeMetrics are those of one resource type.
type typeMetrics struct {
	pushes, resources, bytes, nacks, rejected prometheus.Counter
	answer                                    prometheus.Observer
}

// Buckets of durations that a proxy has a part in, and of those that it has not.
var (
	proxyBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60}
	ownBuckets   = []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .05, .25, 1, 5, 20}
)

// registrar makes collectors and notes whether they could be registered.
type registrar struct {
	to   prometheus.Registerer
	errs []error
}

func register[C prometheus.Collector](r *registrar, c C) C {
	r.errs = append(r.errs, r.to.Register(c))
	return c
}

func (r *registrar) counter(name, help string, labels ...string) *prometheus.CounterVec {
	return register(r, prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "weft", Subsystem: "xds", Name: name, Help: help}, labels))
}

func (r *registrar) gauge(name, help string) prometheus.Gauge {
	return register(r, prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "weft", Subsystem: "xds", Name: name, Help: help}))
}

func (r *registrar) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return register(r, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "weft", Subsystem: "xds", Name: name, Help: help, Buckets: buckets,
	}, labels))
}

func newMetrics(to prometheus.Registerer) (*metrics, error) {
	r := &registrar{to: to}
	syncs := r.histogram("sync_duration_seconds", "Time from a new configuration until the proxy has acknowledged all of it.", proxyBuckets, "after")
	m := &metrics{
		streams:    r.gauge("streams", "Proxies that are connected."),
		behind:     r.gauge("behind_streams", "Proxies that are connected and have not acknowledged all of their configuration."),
		unanswered: r.gauge("unanswered_responses", "Responses sent that the proxy has not answered."),
		connects:   r.counter("connects_total", "Streams that began.").WithLabelValues(),
		delayed:    r.counter("delayed_connects_total", "Streams that had to wait because their pod connects so often.").WithLabelValues(),
		panics:     r.counter("panics_total", "Streams ended by a defect.").WithLabelValues(),
		cut:        r.counter("cut_streams_total", "Streams refused or ended because the proxy would cost too much.", "reason"),
		bad:        r.counter("ignored_total", "Things that proxies sent and that were ignored.", "reason"),
		secrets:    r.counter("certificates_total", "Workload certificates by outcome.", "outcome"),
		issuing:    register(r, newHistogram("certificate_duration_seconds", "Time to make a workload's key and certificate.")),
		sending:    register(r, newHistogram("send_duration_seconds", "Time until a response was handed to the connection. It is long where the proxy does not read.")),
		sync:       [2]prometheus.Observer{syncs.WithLabelValues("change"), syncs.WithLabelValues("connect")},
	}
	for _, reason := range endings {
		m.cut.WithLabelValues(reason)
	}
	pushes := r.counter("pushes_total", "Responses sent.", "type")
	resources := r.counter("resources_total", "Resources sent or removed.", "type")
	bytes := r.counter("bytes_total", "Bytes of responses sent.", "type")
	nacks := r.counter("nacks_total", "Responses that a proxy refused.", "type")
	rejected := r.counter("rejected_resources_total", "Resources that a proxy refused by themselves.", "type")
	answers := r.histogram("push_duration_seconds", "Time from a response to the proxy's answer.", proxyBuckets, "type")
	for t := range m.byType {
		name := Type(t).String()
		m.byType[t] = typeMetrics{
			pushes: pushes.WithLabelValues(name), resources: resources.WithLabelValues(name), bytes: bytes.WithLabelValues(name),
			nacks: nacks.WithLabelValues(name), rejected: rejected.WithLabelValues(name), answer: answers.WithLabelValues(name),
		}
	}
	if err := errors.Join(r.errs...); err != nil {
		return nil, fmt.Errorf("register xDS metrics: %w", err)
	}
	return m, nil
}

func newHistogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "weft", Subsystem: "xds", Name: name, Help: help, Buckets: ownBuckets})
}

func (m *metrics) pushed(t Type, resources, bytes int) {
	m.byType[t].pushes.Inc()
	m.byType[t].resources.Add(float64(resources))
	m.byType[t].bytes.Add(float64(bytes))
}

func (m *metrics) sent(start, end time.Time) { m.sending.Observe(end.Sub(start).Seconds()) }

func (m *metrics) answered(t Type, after time.Duration, refused bool) {
	m.byType[t].answer.Observe(after.Seconds())
	if refused {
		m.byType[t].nacks.Inc()
	}
}

// caughtUp counts a proxy that has acknowledged all that it is to run.
func (m *metrics) caughtUp(first bool, after time.Duration) {
	m.behind.Dec()
	if first {
		m.sync[1].Observe(after.Seconds())
	} else {
		m.sync[0].Observe(after.Seconds())
	}
}

func (m *metrics) rejected(t Type) { m.byType[t].rejected.Inc() }

func (m *metrics) ignored(reason string) { m.bad.WithLabelValues(reason).Inc() }
