//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	dto "github.com/prometheus/client_model/go"
)

const (
	// shortLife is that of the certificates that are replaced under load.
	shortLife = 10 * time.Second
	// steady is how many requests a second each of the connections sends.
	steady = 125
)

// measureRotation replaces the certificates of both sidecars, again and again,
// while requests run.
func measureRotation(s settings) ([]row, error) {
	w, err := newWorld(s, mesh{services: 10, callable: 10})
	if err != nil {
		return nil, err
	}
	defer w.close()
	w.authority.SetLifetime(shortLife)
	if _, _, err := w.sidecars(); err != nil {
		return nil, err
	}
	seen, err := load{dial: w.call, path: "/", connections: connections / 2, during: s.rotating, pause: time.Second / steady}.run(context.Background())
	if err != nil {
		return nil, err
	}
	if seen.requests == 0 {
		return nil, errors.New("no request was sent")
	}
	count, p99, err := w.answers("SDS", 0.99)
	if err != nil {
		return nil, err
	}
	return []row{{
		"goal": "G15", "event": "certificates-rotated", "certificates": count, "new_secret_p99_ms": rounded(p99.Seconds() * 1000),
		"requests": seen.requests, "errors": seen.errors, "rps": rounded(seen.rps()),
	}}, nil
}

// answers is how many responses of a type the sidecars have answered, and the
// bound of the histogram's bucket that a quantile of their times is in.
func (w *world) answers(kind string, share float64) (count uint64, bound time.Duration, err error) {
	err = w.eachMetric("weft_xds_push_duration_seconds", func(m *dto.Metric) {
		if m.GetLabel()[0].GetValue() != kind {
			return
		}
		count = m.GetHistogram().GetSampleCount()
		for _, b := range m.GetHistogram().GetBucket() {
			if float64(b.GetCumulativeCount()) >= share*float64(count) {
				bound = time.Duration(b.GetUpperBound() * float64(time.Second))
				return
			}
		}
	})
	if err == nil && count == 0 {
		err = fmt.Errorf("no response of type %s was answered", kind)
	}
	return count, bound, err
}
