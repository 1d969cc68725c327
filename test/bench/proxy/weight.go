//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/test/bench/record"
)

// between is the pause between two changes of a weight, beyond which the next
// is not one of a burst.
const between = engine.Interval + 20*time.Millisecond

// measureWeights is the time from the change of a split to the first request
// that obeys it, of a caller that asks without end, and what the change costs the
// caller's sidecar, by how many Services that may call.
func measureWeights(s settings) ([]row, error) {
	var rows []row
	for _, services := range s.changes {
		r, err := s.weightsAmong(services)
		if err != nil {
			return nil, fmt.Errorf("%d Services: %w", services, err)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (s settings) weightsAmong(services int) (row, error) {
	s.timed = true
	w, err := newWorld(s, mesh{services: services, callable: services})
	if err != nil {
		return nil, err
	}
	defer w.close()
	w.engine.Put(splitTo(false))
	client, _, err := w.sidecars()
	if err != nil {
		return nil, err
	}
	raw, err := w.call(context.Background())
	if err != nil {
		return nil, err
	}
	caller := newConn(raw)
	defer caller.close()
	if _, err := firstFrom(caller, serviceKey(1).Name); err != nil {
		return nil, err
	}
	var took []float64
	failed := 0
	for i := range s.weights {
		before, err := askFor(caller, between)
		if err != nil {
			return nil, err
		}
		begin, to := time.Now(), i%2 == 0
		w.engine.Put(splitTo(to))
		bad, err := firstFrom(caller, backendOf(to))
		if err != nil {
			return nil, err
		}
		took, failed = append(took, time.Since(begin).Seconds()*1000), failed+before+bad
	}
	cpu, bytes, err := w.quietChanges(client)
	if err != nil {
		return nil, err
	}
	return row{
		"goal": "G3", "event": "weight-first-request", "services": services, "errors": failed,
		"first_request_p50_ms": rounded(median(took)), "first_request_p99_ms": rounded(record.Quantile(took, 0.99)),
		"envoy_cpu_ms": rounded(cpu), "bytes": rounded(bytes),
	}, nil
}

// backendOf is the Service that gets all requests.
func backendOf(third bool) string {
	if third {
		return serviceKey(2).Name
	}
	return serviceKey(1).Name
}

// askFor sends requests for a while, as whoever a change meets does, and counts
// those that failed.
func askFor(c *conn, during time.Duration) (failed int, err error) {
	for end := time.Now().Add(during); time.Now().Before(end); {
		status, _, err := c.get("/")
		if err != nil {
			return failed, fmt.Errorf("ask before a change: %w", err)
		}
		if status != 200 {
			failed++
		}
	}
	return failed, nil
}

// firstFrom sends requests until an application answers, and counts those that
// failed on the way.
func firstFrom(c *conn, app string) (failed int, err error) {
	for deadline := time.Now().Add(patience); ; {
		status, body, err := c.get("/")
		if err != nil {
			return failed, fmt.Errorf("wait for an answer of %s: %w", app, err)
		}
		if status != 200 {
			failed++
		}
		if appOf(body) == app {
			return failed, nil
		}
		if time.Now().After(deadline) {
			return failed, fmt.Errorf("no answer of %s after %s", app, patience)
		}
	}
}

// quietChanges changes weights while nobody asks, and gives a change's CPU in
// milliseconds, beyond what the sidecar uses by itself, and the bytes pushed.
func (w *world) quietChanges(e *process) (cpu, bytes float64, err error) {
	usage := func(change bool) (time.Duration, float64, error) {
		before, err := cpuTime(e.pid)
		sent, err2 := w.pushed()
		for i := range w.weights {
			if change {
				w.engine.Put(splitTo((i+w.weights)%2 == 0))
			}
			time.Sleep(between)
		}
		after, err3 := cpuTime(e.pid)
		now, err4 := w.pushed()
		return after - before, now - sent, errors.Join(err, err2, err3, err4)
	}
	idle, _, err := usage(false)
	if err != nil {
		return 0, 0, err
	}
	busy, sent, err := usage(true)
	n := float64(w.weights)
	return (busy - idle).Seconds() * 1000 / n, sent / n, err
}
