package main

import (
	"cmp"
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/weft-mesh/weft/test/cluster"
	"github.com/weft-mesh/weft/test/traffic"
)

// Outcomes that are neither a status nor a version.
const (
	echoed   = "echoed"
	cutOff   = "cut off"
	noAnswer = "no answer"
)

const (
	// catalogDoor is the port of a pod of the shop that leads to the catalog; see shop.yaml.
	catalogDoor = 9001
	// connections is how many connections the requests of a line share.
	connections = 4
)

// status is the outcome of a call by its status.
func status(a traffic.Answer) string { return strconv.Itoa(a.Status) }

// version is the outcome of a call by the version of the catalog that answered.
func version(a traffic.Answer) string {
	if v := a.Header.Get("X-Version"); a.Status == 200 && v != "" {
		return v
	}
	return status(a)
}

// shop makes requests from the pods of the shop. The connections through which it calls the catalog live as long as it
// does, so each step must also take hold of what was opened before it.
type shop struct {
	cluster *cluster.Cluster
	doors   map[string][]*traffic.Caller
	stops   []func()
}

// openShop opens the doors of those who call the catalog.
func openShop(ctx context.Context, c *cluster.Cluster, callers ...caller) (*shop, error) {
	s := &shop{cluster: c, doors: map[string][]*traffic.Caller{}}
	for _, who := range callers {
		pod, err := c.ReadyPod(ctx, namespace, who.labels)
		if err != nil {
			return s, err
		}
		address, stop, err := c.Forward(namespace, pod, catalogDoor)
		if err != nil {
			return s, err
		}
		s.stops = append(s.stops, stop)
		for range connections {
			s.doors[who.name] = append(s.doors[who.name], traffic.NewCaller(address))
		}
	}
	return s, nil
}

// close closes all doors.
func (s *shop) close() {
	for _, callers := range s.doors {
		for _, c := range callers {
			c.Close()
		}
	}
	for _, stop := range s.stops {
		stop()
	}
}

// measured is what became of a number of requests.
type measured struct {
	counts traffic.Counts
	// problem says why a request had no answer, if one had none.
	problem string
}

// measure makes n requests and counts their outcomes.
func (s *shop) measure(ctx context.Context, l line, n int) (measured, error) {
	if l.what.tcp {
		return s.measureTCP(ctx, l, n)
	}
	var left atomic.Int64
	left.Store(int64(n))
	got := s.spread(ctx, l, func() bool { return left.Add(-1) >= 0 })
	return got, ctx.Err()
}

// measureTCP has fortio in the caller's pod send n texts to the stock, and counts how many came back.
func (s *shop) measureTCP(ctx context.Context, l line, n int) (measured, error) {
	pod, err := s.cluster.ReadyPod(ctx, namespace, l.who.labels)
	if err != nil {
		return measured{}, err
	}
	out, err := s.cluster.Exec(ctx, namespace, pod, l.who.container, "fortio", "load", "-json", "-",
		"-loglevel", "critical", "-allow-initial-errors", "-qps", "0", "-c", strconv.Itoa(connections),
		"-n", strconv.Itoa(n), "tcp://stock:8078")
	load, unreadable := traffic.ParseLoad(out)
	if unreadable != nil {
		return measured{}, errors.Join(err, unreadable)
	}
	return measured{counts: traffic.Counts{echoed: int(load.Codes["OK"]), cutOff: int(load.Failed("OK"))}}, nil
}

// measureDuring makes requests without a pause from before a change until n more of them are made after it. The
// change begins when the load runs.
func (s *shop) measureDuring(ctx context.Context, l line, n int, change func() error) (measured, error) {
	var made, until atomic.Int64
	until.Store(math.MaxInt64)
	running, done := make(chan struct{}), make(chan measured, 1)
	go func() {
		done <- s.spread(ctx, l, func() bool {
			number := made.Add(1)
			if number == 10*connections {
				close(running)
			}
			return number <= until.Load()
		})
	}()
	select {
	case <-running:
	case <-done:
		return measured{}, ctx.Err()
	}
	err := change()
	until.Store(made.Load() + int64(n))
	return <-done, errors.Join(err, ctx.Err())
}

// spread makes calls over all of a caller's connections at once, as long as more says so.
func (s *shop) spread(ctx context.Context, l line, more func() bool) measured {
	var wg sync.WaitGroup
	results := make(chan measured, connections)
	for _, c := range s.doors[l.who.name] {
		wg.Go(func() {
			got := measured{counts: traffic.Counts{}}
			for ctx.Err() == nil && more() {
				got.add(c.Count(ctx, 1, l.what.call, l.what.outcome))
			}
			results <- got
		})
	}
	wg.Wait()
	close(results)
	sum := measured{counts: traffic.Counts{}}
	for got := range results {
		sum.add(got.counts)
		sum.problem = cmp.Or(sum.problem, got.problem)
	}
	return sum
}

// add adds counts, those of calls without an answer under one name.
func (m *measured) add(counts traffic.Counts) {
	for outcome, n := range counts {
		if problem, failed := strings.CutPrefix(outcome, "error: "); failed {
			m.problem, outcome = cmp.Or(m.problem, problem), noAnswer
		}
		m.counts[outcome] += n
	}
}
