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
	changes prometheus.Counter
	rebuild prometheus.Histogram
	queued  prometheus.Histogram
	// since is when the first change came that is not built yet; zero if there
	// is none.
	since time.Time
}

var buckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

func newMetrics() metrics {
	return metrics{
		built: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "weft", Subsystem: "engine", Name: "resources_built_total", Help: "Resources built from a view that was new.",
		}),
		changes: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "weft", Subsystem: "engine", Name: "changes_total", Help: "Changes of objects that mean something to the mesh.",
		}),
		queued: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "weft", Subsystem: "engine", Name: "queue_duration_seconds", Help: "Time for which the oldest of the changes that are built together has waited.",
			Buckets: buckets,
		}),
		rebuild: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "weft", Subsystem: "engine", Name: "rebuild_duration_seconds", Help: "Time to bring all that changes made dirty up to date.",
			Buckets: buckets,
		}),
	}
}

// Register publishes what the engine counts.
func (e *Engine) Register(r prometheus.Registerer) error {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "weft", Subsystem: "engine", Name: name, Help: help}, func() float64 {
			e.mu.Lock()
			defer e.mu.Unlock()
			return value()
		})
	}
	var errs []error
	for _, c := range []prometheus.Collector{
		e.metrics.built, e.metrics.changes, e.metrics.rebuild, e.metrics.queued,
		gauge("classes", "Kinds of proxies that are connected: those of one kind run the same.", func() float64 { return float64(len(e.classes)) }),
		gauge("sights", "Different views of the mesh's Services among them.", func() float64 { return float64(len(e.sights)) }),
		gauge("services", "Services that some connected proxy sees.", func() float64 { return float64(len(e.units)) }),
		gauge("stale_classes", "Kinds of proxies that wait for their next configuration.", func() float64 { return float64(len(e.stale)) }),
		gauge("push_interval_seconds", "Time between two pushes of policy to one kind of proxies: long while very many objects change.", func() float64 {
			return e.burst.interval(e.now()).Seconds()
		}),
		gauge("pending_objects", "Objects that some proxy may not run yet.", func() float64 { return float64(len(e.waiting.rev)) }),
	} {
		errs = append(errs, r.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("register the engine's metrics: %w", err)
	}
	return nil
}

// changed counts a change, which waits from now on.
func (m *metrics) changed(now time.Time) {
	m.changes.Inc()
	if m.since.IsZero() {
		m.since = now
	}
}

// rebuilt counts what was built for all changes until now.
func (m *metrics) rebuilt(start, now time.Time) {
	m.rebuild.Observe(now.Sub(start).Seconds())
	m.queued.Observe(start.Sub(m.since).Seconds())
	m.since = time.Time{}
}
