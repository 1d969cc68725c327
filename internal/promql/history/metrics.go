package history

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// storeMetrics are what operators see of a Store.
type storeMetrics struct {
	series, bytes prometheus.Gauge
	refused       prometheus.Counter
}

func newStoreMetrics(r prometheus.Registerer) (*storeMetrics, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "weft", Subsystem: "history", Name: name, Help: help})
	}
	m := &storeMetrics{
		series: gauge("series", "Series that can be queried."),
		bytes:  gauge("bytes", "Bytes that what they were is kept in."),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "weft", Subsystem: "history", Name: "refused_series_total", Help: "Series of sidecars that there was no room for.",
		}),
	}
	if err := errors.Join(r.Register(m.series), r.Register(m.bytes), r.Register(m.refused)); err != nil {
		return nil, fmt.Errorf("register the history's metrics: %w", err)
	}
	return m, nil
}
