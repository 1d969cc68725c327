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
	// restarts is how often the controller is ended and started again.
	restarts = 3
	// away is for how long there is none in between.
	away = time.Second
	// comeBack is how long both sidecars may take to find it.
	comeBack = time.Minute
)

// measureRestart ends the control plane and starts another, again and again,
// while requests run.
func measureRestart(s settings) ([]row, error) {
	m := mesh{services: 10, callable: 10}
	w, err := newWorld(s, m)
	if err != nil {
		return nil, err
	}
	defer w.close()
	if _, _, err := w.sidecars(); err != nil {
		return nil, err
	}
	if err := w.served(); err != nil {
		return nil, err
	}
	full, err := w.pushed()
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	var again float64
	done := make(chan error, 1)
	go func() {
		defer end()
		again, err = w.restart(m)
		done <- err
	}()
	seen, err := load{dial: w.call, path: "/", connections: connections / 2, during: restarts * 2 * comeBack, pause: time.Second / steady}.run(ctx)
	if err := errors.Join(err, <-done); err != nil {
		return nil, err
	}
	if seen.requests == 0 {
		return nil, errors.New("no request was sent")
	}
	return []row{{
		"goal": "G10", "event": "controller-restarted", "restarts": restarts, "away_ms": rounded(float64(away.Milliseconds())),
		"requests": seen.requests, "errors": seen.errors, "rps": rounded(seen.rps()), "sent_again_percent": rounded(100 * again / restarts / full),
	}}, nil
}

// restart gives how much was sent for it, in bytes.
func (w *world) restart(m mesh) (again float64, err error) {
	for range restarts {
		w.stop()
		time.Sleep(away)
		if err := w.run(m); err != nil {
			return 0, err
		}
		if err := w.served(); err != nil {
			return 0, err
		}
		sent, err := w.pushed()
		if err != nil {
			return 0, err
		}
		again += sent
	}
	return again, nil
}

// served waits until both sidecars run what they are to run.
func (w *world) served() error {
	for end := time.Now().Add(comeBack); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var connected, behind float64
		err := errors.Join(
			w.eachMetric("weft_xds_streams", func(m *dto.Metric) { connected = m.GetGauge().GetValue() }),
			w.eachMetric("weft_xds_behind_streams", func(m *dto.Metric) { behind = m.GetGauge().GetValue() }),
		)
		if err != nil || connected == 2 && behind == 0 {
			return err
		}
	}
	return fmt.Errorf("the sidecars did not come back within %v", comeBack)
}
