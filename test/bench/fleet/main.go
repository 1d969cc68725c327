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

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/weft-mesh/weft/test/bench/record"
)

// settings are the flags.
type settings struct {
	services, proxies []int
	rounds            int
	assets, root      string
	parts, servers    []string
	weft              string
	plain, baseline   string
	out, profile      string
	recording         string
	churn             time.Duration
	rate, partsAt     int
	limit             time.Duration
}

func main() {
	ctrl.SetLogger(logr.Discard())
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
	services := f.String("services", "100,1000,10000,1000", "sizes of the mesh")
	proxies := f.String("proxies", "1000,1000,100,5000", "how many sidecars, for each size or for all")
	servers := f.String("servers", "weft,weft-plain,gcp-linear,gcp-snapshot,floor", "who is measured; weft first, for the others serve what it served")
	parts := f.String("parts", "no-op,slow,restart,churn", "what is measured of weft beside single changes")
	f.IntVar(&s.partsAt, "parts-at", 1000, "at which size the parts are measured; a single size always has them")
	f.IntVar(&s.rounds, "rounds", 7, "how often each event is made")
	f.StringVar(&s.assets, "assets", os.Getenv("KUBEBUILDER_ASSETS"), "where kube-apiserver and etcd are")
	f.StringVar(&s.root, "root", ".", "weft's sources")
	f.StringVar(&s.weft, "weft", "bin/weft", "the binary that is measured")
	f.StringVar(&s.plain, "plain", "bin/plain", "the binary of weft's server alone")
	f.StringVar(&s.baseline, "baseline", "bin/baseline", "the binary of the servers that it is compared with")
	f.StringVar(&s.out, "out", "bin/bench/fleet.json", "where the rows go")
	f.StringVar(&s.recording, "recording", "", "file of what weft served, for runs without weft: a run with it writes the file")
	f.StringVar(&s.profile, "profile", "", "folder for CPU profiles of the controller during each event")
	f.DurationVar(&s.churn, "churn", time.Minute, "how long changes are made without a pause")
	f.IntVar(&s.rate, "rate", 100, "changes a second meanwhile")
	f.DurationVar(&s.limit, "limit", 5*time.Minute, "how long one step may take")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	s.servers, s.parts = strings.Split(*servers, ","), strings.Split(*parts, ",")
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

// wholeAt is which of the sizes is measured with all parts: the first that is as
// large as asked, or the only one.
func (s settings) wholeAt() int {
	if len(s.services) == 1 {
		return 0
	}
	return slices.Index(s.services, s.partsAt)
}

// measureAll goes through the sizes; each has an API server of its own.
func measureAll(ctx context.Context, s settings) error {
	r := &report{File: record.File{Path: s.out, Echo: os.Stdout}}
	for i := range s.services {
		dir, err := os.MkdirTemp("", "fleet-")
		if err != nil {
			return err
		}
		b := &bench{settings: s, services: s.services[i], proxies: s.proxies[i], whole: i == s.wholeAt(), dir: dir, report: r}
		err = errors.Join(b.run(ctx), os.RemoveAll(dir))
		if err != nil {
			return fmt.Errorf("%d services, %d sidecars: %w", b.services, b.proxies, err)
		}
	}
	return nil
}
