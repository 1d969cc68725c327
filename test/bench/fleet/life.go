package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
	"github.com/weft-mesh/weft/test/bench/fleet/sidecars"
	"github.com/weft-mesh/weft/test/bench/record"
)

// noOps is how many changes are made that concern nobody.
const noOps = 200

// life is what goes on beside single changes; connected is what a connection
// from nothing cost in bytes, all sidecars together.
func (b *bench) life(ctx context.Context, s *server, connected int64) error {
	for _, part := range []struct {
		name string
		do   func() error
	}{
		{"no-op", func() error { return b.noOp(ctx, s) }},
		{"slow", func() error { return b.slow(ctx, s) }},
		{"restart", func() error { return b.restart(ctx, s, connected) }},
		{"churn", func() error { return b.churn(ctx, s) }},
	} {
		if !slices.Contains(b.parts, part.name) {
			continue
		}
		if err := part.do(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// noOp changes what concerns no traffic: goal 7.
func (b *bench) noOp(ctx context.Context, s *server) error {
	if err := idle(ctx, s); err != nil {
		return err
	}
	read := s.fleet.Read()
	cpu, err := s.CPU()
	if err != nil {
		return err
	}
	for i := range noOps {
		if err := b.mesh.Touch(ctx, i%b.services, i); err != nil {
			return err
		}
	}
	used, err := s.CPU()
	if err != nil {
		return err
	}
	return b.report.add("no-op", row{
		"goal": "G7", "rounds": noOps, "bytes_per_proxy": share(s.fleet.Read()-read, b.proxies*noOps), "cpu_us_per_event": microseconds(used-cpu, noOps),
	})
}

// slow has one sidecar in a hundred take its time.
func (b *bench) slow(ctx context.Context, s *server) error {
	s.fleet.Slow(max(b.proxies/100, 1))
	defer s.fleet.Slow(0)
	e := b.list()[0]
	e.goal = ""
	costs, err := b.costs(ctx, s, e)
	if err != nil {
		return err
	}
	return b.report.add("slow-clients", b.sum(e, costs))
}

// restart kills the controller and starts another: goal 10.
func (b *bench) restart(ctx context.Context, s *server, connected int64) error {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	b.controller.Kill()
	connects, read, written := s.fleet.Connects(), s.fleet.Read(), s.fleet.Written()
	began := time.Now()
	if err := b.controller.Run(ctx); err != nil {
		return err
	}
	ready := time.Since(began)
	s.Process = b.controller.Process
	if err := cluster.Wait(ctx, "all sidecars to come back", func() bool { return s.fleet.Connects()-connects >= int64(b.proxies) }); err != nil {
		return errors.Join(err, s.fleet.Failure())
	}
	back := time.Since(began)
	quiet(s.fleet)
	line := row{
		"goal": "G10", "bytes_per_proxy": share(s.fleet.Read()-read, b.proxies), "full_bytes_per_proxy": share(connected, b.proxies),
		"upload_bytes_per_proxy": share(s.fleet.Written()-written, b.proxies), "ready_ms": record.Milliseconds(ready), "back_ms": record.Milliseconds(back),
	}
	if cpu, err := s.CPU(); err == nil {
		line["cpu_ms"] = record.Milliseconds(cpu)
	}
	// Who resumed is sent what is new.
	if _, err := b.once(ctx, s, b.list()[0], false); err != nil {
		return err
	}
	if _, err := b.once(ctx, s, b.list()[0], true); err != nil {
		return err
	}
	return errors.Join(b.report.add("restart", line), idle(ctx, s))
}

// churned is how many sidecars there are while changes never end.
const churned = 500

// churn changes endpoints of one Service after another: goal 18.
func (b *bench) churn(ctx context.Context, s *server) error {
	s.fleet.Close()
	proxies := min(churned, b.proxies)
	fleet := sidecars.New(sidecars.Options{Address: b.controller.Address(), TLS: b.trust, Tokens: b.mesh.Tokens[:proxies], Secrets: secrets})
	defer fleet.Close()
	if err := fleet.Connect(ctx); err != nil {
		return err
	}
	s = &server{name: s.name, rounds: s.rounds, fleet: fleet, Process: s.Process}
	if err := idle(ctx, s); err != nil {
		return err
	}
	delays := fleet.Time(sidecars.Endpoint)
	cpu, err := s.CPU()
	if err != nil {
		return err
	}
	began, answers := time.Now(), fleet.Answers()
	made, err := b.changes(ctx, delays)
	if err != nil {
		return err
	}
	took := time.Since(began)
	quiet(fleet)
	used, err1 := s.CPU()
	rss, err2 := s.Memory("VmRSS")
	return errors.Join(err1, err2, b.report.add("churn", row{
		"goal": "G18", "proxies": proxies, "p50_ms": record.Milliseconds(delays.Quantile(.5)), "p99_ms": record.Milliseconds(delays.Quantile(.99)),
		"changes_per_second": record.Round(float64(made) / took.Seconds()), "cpu_percent": record.Round(100 * (used - cpu).Seconds() / took.Seconds()),
		"responses_per_proxy": share(fleet.Answers()-answers, proxies), "lone_delay_ms": record.Milliseconds(b.lone), "rss_bytes": rss, "seconds": record.Round(took.Seconds()),
	}))
}

// changes makes as many a second as asked, and gives how many there were.
func (b *bench) changes(ctx context.Context, delays *sidecars.Delays) (int, error) {
	tick := time.NewTicker(time.Second / time.Duration(b.rate))
	defer tick.Stop()
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(20) // an API server that is slow is no fault of weft
	made := 0
	for end := time.Now().Add(b.settings.churn); time.Now().Before(end); <-tick.C {
		among := min(b.services, cluster.Changing)
		i, second := made%among, made/among%2 == 0
		made++
		all.Go(func() error {
			delays.Begin(cluster.ServiceName(i))
			return b.mesh.Put(ctx, cluster.Slice(i, second))
		})
	}
	return made, all.Wait()
}
