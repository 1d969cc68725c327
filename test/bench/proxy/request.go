//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/weft-mesh/weft/test/bench/record"
)

// cost is what requests cost the Envoys that they pass.
type cost struct {
	micros, instructions, rps, p50, p99 []float64
	counted                             bool
}

// take sends requests once and adds what they cost.
func (c *cost) take(l load, envoys ...*process) error {
	counters, err := instructionsOf(envoys)
	if err != nil {
		c.counted = false
	}
	defer func() {
		for _, counter := range counters {
			counter.close()
		}
	}()
	cpu, count, err := spent(envoys, counters)
	if err != nil {
		return err
	}
	s, err := l.run(context.Background())
	if err != nil {
		return err
	}
	cpuAfter, countAfter, err := spent(envoys, counters)
	if err != nil {
		return err
	}
	if s.requests == 0 || s.errors > 0 {
		return fmt.Errorf("%d of %d requests failed", s.errors, s.requests)
	}
	n := float64(s.requests)
	c.micros = append(c.micros, (cpuAfter-cpu)/n)
	if len(counters) > 0 {
		c.counted = true
		c.instructions = append(c.instructions, (countAfter-count)/n)
	}
	c.rps = append(c.rps, s.rps())
	c.p50, c.p99 = append(c.p50, record.Quantile(s.micros, 0.5)), append(c.p99, record.Quantile(s.micros, 0.99))
	return nil
}

// instructionsOf counts those of several Envoys; none where the machine counts
// no instructions.
func instructionsOf(envoys []*process) (counters []*counter, err error) {
	for _, e := range envoys {
		c, err := instructions(e.pid)
		if err != nil {
			for _, c := range counters {
				c.close()
			}
			return nil, err
		}
		counters = append(counters, c)
	}
	return counters, nil
}

// spent is CPU in microseconds, and instructions, of all of them.
func spent(envoys []*process, counters []*counter) (micros, count float64, err error) {
	var errs []error
	for _, e := range envoys {
		t, err := cpuTime(e.pid)
		errs = append(errs, err)
		micros += float64(t.Nanoseconds()) / 1000
	}
	for _, c := range counters {
		n, err := c.read()
		errs = append(errs, err)
		count += n
	}
	return micros, count, errors.Join(errs...)
}

// into writes the medians into a row.
func (c *cost) into(r row) row {
	r["cpu_us_per_request"], r["rps"] = rounded(median(c.micros)), rounded(median(c.rps))
	r["p50_us"], r["p99_us"] = rounded(median(c.p50)), rounded(median(c.p99))
	if c.counted {
		r["instructions_per_request"] = rounded(median(c.instructions))
	}
	return r
}
