package figures

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what operators see of the collector.
type metrics struct {
	pods             prometheus.Gauge
	read, failed     prometheus.Counter
	garbage, dropped prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "weft", Subsystem: "figures", Name: name, Help: help}, labels)
	}
	pods := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "weft", Subsystem: "figures", Name: "pods", Help: "Pods whose sidecars are read."})
	readings := counter("readings_total", "Readings of sidecars by outcome.", "outcome")
	ignored := counter("ignored_lines_total", "Lines of sidecars that were ignored: garbage makes no sense, bound is beyond what one may have.", "reason")
	if err := errors.Join(r.Register(pods), r.Register(readings), r.Register(ignored)); err != nil {
		return nil, fmt.Errorf("register the collector's metrics: %w", err)
	}
	return &metrics{
		pods: pods, read: readings.WithLabelValues("read"), failed: readings.WithLabelValues("failed"),
		garbage: ignored.WithLabelValues("garbage"), dropped: ignored.WithLabelValues("bound"),
	}, nil
}

func (m *metrics) count(o outcome, err error) {
	if err != nil {
		m.failed.Inc()
	} else {
		m.read.Inc()
	}
	m.garbage.Add(float64(o.garbage))
	m.dropped.Add(float64(o.dropped))
}
