package tests

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// latencies is what an API says of quantiles.
func latencies(unit string, p50, p90, p99 time.Duration) trafficMetrics {
	var m trafficMetrics
	for name, took := range map[string]time.Duration{"p50": p50, "p90": p90, "p99": p99} {
		m.Metrics = append(m.Metrics, struct {
			Name, Unit string
			Value      resource.Quantity
		}{name + "_response_latency", unit, resource.MustParse(fmt.Sprintf("%dm", took.Milliseconds()))})
	}
	return m
}

func TestQuantilesAreToldApart(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		told  trafficMetrics
		right bool
	}{
		"as it was":                      {latencies("seconds", 3*ms, 410*ms, 4050*ms), true},
		"by a coarse histogram":          {latencies("seconds", 5*ms, 800*ms, 8*time.Second), true},
		"p99 is p90":                     {latencies("seconds", 3*ms, 410*ms, 410*ms), false},
		"p90 is p99":                     {latencies("seconds", 3*ms, 4050*ms, 4050*ms), false},
		"p50 is p90":                     {latencies("seconds", 410*ms, 410*ms, 4050*ms), false},
		"p90 is p50":                     {latencies("seconds", 3*ms, 3*ms, 4050*ms), false},
		"the mean for all":               {latencies("seconds", 310*ms, 310*ms, 310*ms), false},
		"milliseconds, called seconds":   {latencies("seconds", 3*time.Second, 410*time.Second, 4050*time.Second), false},
		"milliseconds, and that is said": {latencies("milliseconds", 3*ms, 410*ms, 4050*ms), false},
		"nothing":                        {trafficMetrics{}, false},
	} {
		if err := quantiles(c.told); (err == nil) != c.right {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWindowIsWhatItClaims(t *testing.T) {
	for name, c := range map[string]struct {
		// since the first call and since the last one
		first, last time.Duration
		window      time.Duration
		count       int
		right, done bool
	}{
		"all are in it":                      {10 * time.Second, 8 * time.Second, 30 * time.Second, 40, true, false},
		"some went early":                    {10 * time.Second, 8 * time.Second, 30 * time.Second, 39, false, false},
		"some go, as it passes":              {29 * time.Second, 25 * time.Second, 30 * time.Second, 12, true, false},
		"all are gone":                       {33 * time.Second, 31 * time.Second, 30 * time.Second, 0, true, true},
		"they stay a little longer":          {40 * time.Second, 38 * time.Second, 30 * time.Second, 40, true, false},
		"a claim of 30 s, and 5 min counted": {95 * time.Second, 91 * time.Second, 30 * time.Second, 40, false, false},
		"more than were made":                {10 * time.Second, 8 * time.Second, 30 * time.Second, 41, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := windowed{made: 40, slack: time.Minute}
			done, err := w.look(c.first, c.last, c.window, c.count)
			if done != c.done || (err == nil) != c.right {
				t.Errorf("done %t, error %v", done, err)
			}
		})
	}
}
