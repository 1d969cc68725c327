package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what operators see of the engine.
type metrics struct {
	built   prometheus.Counter
	rebuild prometheus.Histogram
}

func newMetrics() metrics {
	return metrics{
		built: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "weft", Subsystem: "engine", Name: "resources_built_total", Help: "Resources built from a view that was new.",
		}),
		rebuild: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "weft", Subsystem: "engine", Name: "rebuild_duration_seconds", Help: "Time to bring all that changes made dirty up to date.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
}

// Register publishes what the engine counts.
func (e *Engine) Register(r prometheus.Registerer) error {
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "weft", Subsystem: "engine", Name: name, Help: help}, func() float64 {
			e.mu.Lock()
			defer e.mu.Unlock()
			return float64(value())
		})
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		e.metrics.built, e.metrics.rebuild,
		gauge("classes", "Kinds of proxies that are connected: those of one kind run the same.", func() int { return len(e.classes) }),
		gauge("sights", "Different views of the mesh's Services among them.", func() int { return len(e.sights) }),
		gauge("services", "Services that some connected proxy sees.", func() int { return len(e.units) }),
		gauge("pending_objects", "Objects that some proxy may not run yet.", func() int { return len(e.waiting.rev) }),
	} {
		errs = append(errs, r.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("register the engine's metrics: %w", err)
	}
	return nil
}

func (m metrics) rebuilt(since, now time.Time) { m.rebuild.Observe(now.Sub(since).Seconds()) }
