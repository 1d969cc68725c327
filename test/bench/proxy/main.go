//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/weft-mesh/weft/test/bench/record"
	"github.com/weft-mesh/weft/test/network"
)

// settings are how much is measured.
type settings struct {
	envoy    string
	services []int
	changes  []int
	sources  []int
	routes   []int
	// load is how long one run of requests takes, rounds how often each is
	// repeated, turn about with what it is compared with.
	load   time.Duration
	rounds int
	// weights is how often a weight is changed.
	weights int
	// rotating is how long requests run while certificates are replaced.
	rotating time.Duration
	// timed is of what counts time, not CPU.
	timed bool
}

// cases are what can be measured.
var cases = []struct {
	name string
	run  func(settings) ([]row, error)
}{
	{"start", measureStart},
	{"pair", measurePair},
	{"size", measureSizes},
	{"rbac", measureRBAC},
	{"routes", measureRoutes},
	{"weight", measureWeights},
	{"rotation", measureRotation},
	{"restart", measureRestart},
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	s := settings{services: []int{10, 1000, 5000}, changes: []int{10, 1000, 10_000}, sources: []int{1, 100, 1000}, routes: []int{1, 100, 1000}}
	out := flag.String("out", "bin/bench/proxy.json", "the file to write")
	only := flag.String("run", ".", "a pattern of the cases to run")
	flag.Func("services", "how many Services there are when a sidecar starts", numbers(&s.services))
	flag.Func("changes", "how many Services there are when a weight changes", numbers(&s.changes))
	flag.Func("sources", "how many callers are allowed", numbers(&s.sources))
	flag.Func("routes", "how many matches an HTTPRouteGroup has", numbers(&s.routes))
	flag.DurationVar(&s.load, "load", 3*time.Second, "how long requests are sent for one figure")
	flag.IntVar(&s.rounds, "rounds", 5, "how often each figure is taken; the median is written")
	flag.IntVar(&s.weights, "weights", 50, "how often a weight is changed")
	flag.DurationVar(&s.rotating, "rotating", 60*time.Second, "how long certificates are replaced under load")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-run: %w", err)
	}
	if s.envoy, err = usableEnvoy(); err != nil {
		return err
	}
	if s.envoy, err = network.ProgramForAll(s.envoy); err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Dir(s.envoy))
	if err := writeThrough(s.envoy); err != nil {
		return err
	}
	if err := leaveLastCPU(); err != nil {
		return err
	}
	report := record.File{Path: *out, Echo: os.Stderr}
	for _, c := range cases {
		if !pattern.MatchString(c.name) {
			continue
		}
		seen, err := c.run(s)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		for _, r := range seen {
			if err := report.Add(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeThrough has the disk hold a file. Of a program that was written just now
// each page that a single process maps would count as that process's own memory.
func writeThrough(file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err != nil {
		return fmt.Errorf("write through: %w", err)
	}
	return nil
}
