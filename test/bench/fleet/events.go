package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
	"github.com/weft-mesh/weft/test/bench/fleet/sidecars"
	"github.com/weft-mesh/weft/test/bench/record"
)

// event is a change that concerns every sidecar.
type event struct {
	name, goal string
	// kind and part are of a resource that every sidecar is sent for it, or has
	// taken away when it is taken back.
	kind sidecars.Kind
	part string
	// both tells that taking it back is the same event.
	both  bool
	write func(ctx context.Context, m *cluster.Mesh, back bool) error
}

func (b *bench) list() []event {
	return []event{
		{"endpoint-added", "G1", sidecars.Endpoint, cluster.ServiceName(0), false, func(ctx context.Context, m *cluster.Mesh, back bool) error {
			return m.Put(ctx, cluster.Slice(0, !back))
		}},
		{"weight-changed", "G2", sidecars.ScopedRoute, cluster.ServiceAddress(1).String() + ":80", true, func(ctx context.Context, m *cluster.Mesh, back bool) error {
			if back {
				return m.Put(ctx, cluster.Split(1))
			}
			return m.Put(ctx, cluster.Split(3))
		}},
		{"target-added", "G2", sidecars.ScopedRoute, cluster.ServiceAddress(b.services).String() + ":80", false, func(ctx context.Context, m *cluster.Mesh, back bool) error {
			if back {
				return m.Delete(ctx, cluster.Target(b.services))
			}
			return m.Create(ctx, cluster.Target(b.services))
		}},
	}
}

// cost is what one change took.
type cost struct {
	write, first, median, last, cpu time.Duration
	read, written, answers          int64
}

// events measures each event as often as asked: goals 1 and 2.
func (b *bench) events(ctx context.Context, s *server) error {
	for _, e := range b.list() {
		if err := b.measure(ctx, s, e); err != nil {
			return fmt.Errorf("%s, %s: %w", s.name, e.name, err)
		}
	}
	return nil
}

func (b *bench) measure(ctx context.Context, s *server, e event) error {
	stop := b.profileWhile(s, e.name)
	defer stop()
	costs, err := b.costs(ctx, s, e)
	if err != nil {
		return err
	}
	line := b.sum(e, costs)
	if s.name == weft && e.name != "target-added" { // which is several responses
		b.lone = max(b.lone, record.Quantile(lones(costs), .5))
	}
	if e.goal == "G1" {
		if err := b.report.add("ack", row{"goal": "G16", "upload_bytes_per_ack": line["upload_bytes_per_ack"]}); err != nil {
			return err
		}
	}
	return b.report.add(e.name, line)
}

// costs makes an event as often as asked, and takes it back each time.
func (b *bench) costs(ctx context.Context, s *server, e event) ([]cost, error) {
	var costs []cost
	for round := range s.rounds + 1 {
		b.recorder.Of(e.name, false)
		there, err := b.once(ctx, s, e, false)
		if err != nil {
			return nil, err
		}
		b.recorder.Of(e.name, true)
		back, err := b.once(ctx, s, e, true)
		if err != nil {
			return nil, err
		}
		if round == 0 {
			continue // what is done for the first time only
		}
		if costs = append(costs, there); e.both {
			costs = append(costs, back)
		}
	}
	b.recorder.Of("", false)
	return costs, nil
}

func lones(costs []cost) []time.Duration {
	var all []time.Duration
	for _, c := range costs {
		all = append(all, max(c.first-c.write, 0))
	}
	return all
}

func (b *bench) sum(e event, costs []cost) row {
	var all cost
	var lasts, medians, writes []time.Duration
	for _, c := range costs {
		lasts, medians, writes = append(lasts, c.last), append(medians, c.median), append(writes, c.write)
		all.cpu += c.cpu
		all.read += c.read
		all.written += c.written
		all.answers += c.answers
	}
	among := len(costs) * b.proxies
	return row{
		"goal": e.goal, "rounds": len(costs),
		"last_ack_p50_ms": record.Milliseconds(record.Quantile(lasts, .5)), "last_ack_p99_ms": record.Milliseconds(record.Quantile(lasts, .99)), "last_ack_min_ms": record.Milliseconds(record.Quantile(lasts, 0)),
		"half_acked_p50_ms": record.Milliseconds(record.Quantile(medians, .5)), "write_p50_ms": record.Milliseconds(record.Quantile(writes, .5)),
		"cpu_us_per_proxy": microseconds(all.cpu, among), "bytes_per_proxy": share(all.read, among),
		"responses_per_proxy": share(all.answers, among), "upload_bytes_per_ack": record.Round(float64(all.written) / float64(max(all.answers, 1))),
	}
}

// once makes a change, and waits until every sidecar has acknowledged it and
// nothing more comes.
func (b *bench) once(ctx context.Context, s *server, e event, back bool) (cost, error) {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	cpu, err := s.CPU()
	if err != nil {
		return cost{}, err
	}
	read, written, answers := s.fleet.Read(), s.fleet.Written(), s.fleet.Answers()
	w := s.fleet.Watch(e.kind, e.part)
	if err := s.change(ctx, e, back); err != nil {
		return cost{}, err
	}
	wrote := time.Since(w.From())
	select {
	case <-w.Done():
	case <-ctx.Done():
		return cost{}, fmt.Errorf("%d of %d sidecars acknowledged it: %w", len(w.Times()), b.proxies, errors.Join(ctx.Err(), s.fleet.Failure()))
	}
	quiet(s.fleet)
	used, err := s.CPU()
	times := w.Times()
	return cost{
		write: wrote, first: times[0], median: times[len(times)/2], last: times[len(times)-1], cpu: used - cpu,
		read: s.fleet.Read() - read, written: s.fleet.Written() - written, answers: s.fleet.Answers() - answers,
	}, err
}

// silence is how long nothing has come when nothing more will.
const silence = 150 * time.Millisecond

// quiet waits until nothing comes any more.
func quiet(f *sidecars.Fleet) {
	tick := time.NewTicker(silence)
	defer tick.Stop()
	for last := int64(-1); last != f.Read()+f.Written(); <-tick.C {
		last = f.Read() + f.Written()
	}
}

// profileWhile takes a profile of the controller's CPU until stopped.
func (b *bench) profileWhile(s *server, name string) (stop func()) {
	if b.profile == "" || s.name != weft {
		return func() {}
	}
	done := make(chan error, 1)
	go func() {
		text, err := b.controller.Profile("profile?seconds=5")
		if err == nil {
			err = os.WriteFile(filepath.Join(b.profile, fmt.Sprintf("%s-%d.pprof", name, b.services)), text, 0o644)
		}
		done <- err
	}()
	return func() {
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "fleet: profile:", err)
		}
	}
}
