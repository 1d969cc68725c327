package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/weft-mesh/weft/test/cluster"
)

// errWrong says that the figures of some step are not what was expected. The table has shown which.
var errWrong = errors.New("some figures are not what was expected: see MISS above")

// patience bounds each wait for the cluster; no step is expected to need it.
const patience = 2 * time.Minute

func main() {
	samples := flag.String("samples", "config/samples", "folder of the YAML that is applied")
	requests := flag.Int("requests", 500, "requests that are measured for each line")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *samples, *requests)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, samples string, requests int) error {
	mesh, err := cluster.Connect()
	if err != nil {
		return err
	}
	s := &stage{cluster: mesh, samples: samples, requests: requests, out: newTable(os.Stdout, requests)}
	defer s.close()
	if err := s.prepare(ctx); err != nil {
		return err
	}
	right := true
	for i, p := range steps {
		ok, err := s.play(ctx, i+1, p)
		if err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
		right = right && ok
	}
	if err := s.finale(ctx); err != nil {
		return err
	}
	if !right {
		return errWrong
	}
	s.out.praise(len(steps))
	return nil
}
