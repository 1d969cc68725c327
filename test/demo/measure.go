package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/weft-mesh/weft/test/traffic"
)

// doorCatalog is the port of a pod's own fortio that leads to the catalog; see shop.yaml.
const doorCatalog = 9001

// step applies a step's files, waits until the proxies have them, and measures. It tells whether all is as expected.
func (d *demo) step(ctx context.Context, number int, s step) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	fmt.Fprintf(d.out, "\n%d. %s\n", number+1, s.title)
	start := time.Now()
	for _, file := range s.files {
		text, err := d.apply(ctx, file)
		if err != nil {
			return false, err
		}
		if err := d.cluster.WaitProgrammed(ctx, namespace, text); err != nil {
			return false, err
		}
	}
	if len(s.files) > 0 {
		fmt.Fprintf(d.out, "    Programmed: every proxy runs it, %d ms after the first apply\n", time.Since(start).Milliseconds())
	}
	printHead(d.out, d.requests)
	ok := true
	for _, m := range s.measures {
		counts, err := d.measure(ctx, m)
		if err != nil {
			return false, err
		}
		ok = printMeasure(d.out, m, counts, d.requests) && ok
	}
	return ok, nil
}

func (d *demo) measure(ctx context.Context, m measure) (traffic.Counts, error) {
	pod, err := d.cluster.ReadyPod(ctx, namespace, map[string]string{"app": m.from})
	if err != nil {
		return nil, err
	}
	if m.call == nil {
		return d.connections(ctx, pod, m.from)
	}
	address, stop, err := d.cluster.Forward(namespace, pod, doorCatalog)
	if err != nil {
		return nil, err
	}
	defer stop()
	caller := traffic.NewCaller(address)
	defer caller.Close()
	return caller.Count(ctx, d.requests, *m.call, outcome), nil
}

// connections opens connections from a pod to the stock, each for one message that is to come back.
func (d *demo) connections(ctx context.Context, pod, container string) (traffic.Counts, error) {
	text, err := d.cluster.Exec(ctx, namespace, pod, container, "fortio", "load", "-json", "-", "-loglevel", "critical",
		"-allow-initial-errors", "-qps", "0", "-c", "5", "-n", strconv.Itoa(d.requests), "tcp://stock:8078")
	if err != nil {
		return nil, err
	}
	load, err := traffic.ParseLoad(text)
	if err != nil {
		return nil, err
	}
	counts := traffic.Counts{}
	if n := load.Codes["OK"]; n > 0 {
		counts[echoed] = int(n)
	}
	if n := load.Failed("OK"); n > 0 {
		counts[refused] = int(n)
	}
	return counts, nil
}

// outcome names what a call came to.
func outcome(a traffic.Answer) string {
	switch {
	case a.Status == 403:
		return refused
	case a.Status != 200:
		return "status " + strconv.Itoa(a.Status)
	default:
		return a.Header.Get("X-Version")
	}
}
