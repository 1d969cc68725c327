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
		Description:   "Quantiles of latency are in seconds, and tell fast answers from slow ones, and those from the slowest",
		Features:      []features.Name{features.MetricsLatencies},
		Manifests:     "metrics-latencies.yaml",
		OpenByDefault: true,
		Run: func(ctx context.Context, e *suite.Env) {
			call := fetch(e, "timed", 8080)
			good := deliver(ctx, e, e.ClientA(), call, 60, answered).Answered()
			for delay, n := range map[time.Duration]int{pause: slow, longPause: slowest} {
				late := with(call, actors.HeaderDelay, delay.String())
				late.Concurrency = n
				must(only(e, "timed")(e.Measure(ctx, e.ClientA(), late, n)))
			}
			e.AwaitThat(ctx, "quantiles of 60 fast answers, 36 slow ones and 4 that are ten times as slow", func(ctx context.Context) error {
				m, err := get(ctx, e, "deployments", "timed")
				if err == nil {
					err = has(m, successes, good+slow+slowest)
				}
				if err != nil {
					return err
				}
				return quantiles(m)
			})
		},
	})
}

// Of a hundred answers of metrics-latencies so many take a pause, and so many a long one: p50 is fast, p90 a pause, p99 a
// long one.
const (
	slow, slowest = 36, 4
	pause         = 400 * time.Millisecond
	longPause     = 10 * pause
)

// quantiles wants those of such answers.
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
	if p50 <= 0 || p50 >= pause/2 || p90 < pause/2 || p90 >= longPause/2 || p99 < longPause/2 || p99 > 5*longPause {
		return fmt.Errorf("the quantiles are %v, of answers of which %d in 100 took %s or little more, and %d %s", took, slow, pause, slowest, longPause)
	}
	return nil
}
