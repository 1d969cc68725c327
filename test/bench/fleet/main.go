package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are the flags.
type settings struct {
	services, proxies []int
	rounds            int
	assets, root      string
	weft              string
	out, profile      string
	limit             time.Duration
}

func main() {
	s, err := parse(os.Args[1:])
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		err = measureAll(ctx, s)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("fleet", flag.ContinueOnError)
	services := f.String("services", "100,1000", "sizes of the mesh")
	proxies := f.String("proxies", "1000", "how many sidecars, for each size or for all")
	f.IntVar(&s.rounds, "rounds", 20, "how often each event is made")
	f.StringVar(&s.assets, "assets", os.Getenv("KUBEBUILDER_ASSETS"), "where kube-apiserver and etcd are")
	f.StringVar(&s.root, "root", ".", "weft's sources")
	f.StringVar(&s.weft, "weft", "bin/weft", "the binary that is measured")
	f.StringVar(&s.out, "out", "bin/bench/fleet.json", "where the rows go")
	f.StringVar(&s.profile, "profile", "", "folder for CPU profiles of the controller during each event")
	f.DurationVar(&s.limit, "limit", 5*time.Minute, "how long one step may take")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	var err1, err2 error
	s.services, err1 = numbers(*services)
	s.proxies, err2 = numbers(*proxies)
	if len(s.proxies) == 1 {
		s.proxies = slices.Repeat(s.proxies, len(s.services))
	}
	if len(s.proxies) != len(s.services) {
		return s, fmt.Errorf("%d sizes and %d numbers of sidecars", len(s.services), len(s.proxies))
	}
	return s, errors.Join(err1, err2)
}

func numbers(list string) ([]int, error) {
	var all []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// measureAll goes through the sizes; each has an API server of its own.
func measureAll(ctx context.Context, s settings) error {
	r := &report{file: s.out}
	for i := range s.services {
		dir, err := os.MkdirTemp("", "fleet-")
		if err != nil {
			return err
		}
		b := &bench{settings: s, services: s.services[i], proxies: s.proxies[i], dir: dir, report: r}
		err = errors.Join(b.run(ctx), os.RemoveAll(dir))
		if err != nil {
			return fmt.Errorf("%d services, %d sidecars: %w", b.services, b.proxies, err)
		}
	}
	return nil
}
