package tests

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/weft-mesh/weft/conformance/actors"
	"github.com/weft-mesh/weft/conformance/features"
	"github.com/weft-mesh/weft/conformance/suite"
)

func init() {
	suite.Register(suite.Test{
		Name:          "metrics-latencies",
		Description:   "Quantiles of latency are in seconds, and tell fast answers from slow ones",
		Features:      []features.Name{features.MetricsLatencies},
		Manifests:     "metrics-latencies.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := fetch(e, "timed", 8080)
			good := deliver(ctx, e, e.ClientA(), call, 60, answered).Answered()
			late := with(call, actors.HeaderDelay, pause.String())
			late.Concurrency = 40
			must(only(e, "timed")(e.Measure(ctx, e.ClientA(), late, 40)))
			e.AwaitThat(ctx, "quantiles of 60 fast answers and 40 slow ones", func(ctx context.Context) error {
				m, err := get(ctx, e, "deployments", "timed")
				if err == nil {
					err = has(m, successes, good+40)
				}
				if err != nil {
					return err
				}
				return quantiles(m)
			})
		},
	})
}

// pause is how long the slow answers of metrics-latencies take.
const pause = 400 * time.Millisecond

// quantiles wants those of answers of which six in ten are fast, and the others slow.
func quantiles(m trafficMetrics) error {
	took := map[string]time.Duration{}
	for _, metric := range m.Metrics {
		if name, ok := strings.CutSuffix(metric.Name, "_response_latency"); ok {
			if metric.Unit != "seconds" {
				return fmt.Errorf("the unit of %s is %q, want seconds", metric.Name, metric.Unit)
			}
			took[name] = seconds(metric.Value)
		}
	}
	p50, p90, p99 := took["p50"], took["p90"], took["p99"]
	// Histograms are coarse: the next bound may be twice as far. A busy machine answers later.
	if p50 <= 0 || p50 >= pause/2 || p90 < pause/2 || p90 > 5*pause || p99 < p90 || p99 > 10*pause {
		return fmt.Errorf("the quantiles are %v, of answers of which 40 in 100 took %s or little more", took, pause)
	}
	return nil
}
