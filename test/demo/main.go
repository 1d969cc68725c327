package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/weft-mesh/weft/test/cluster"
)

const namespace = "shop"

// errOutside says that something was measured that the YAML does not ask for.
var errOutside = errors.New("what was measured is not what was expected")

func main() {
	samples := flag.String("samples", "config/samples", "folder of the YAML")
	requests := flag.Int("requests", 500, "requests for each measurement")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, *samples, *requests); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, samples string, requests int) error {
	c, err := cluster.Connect()
	if err != nil {
		return err
	}
	d := &demo{cluster: c, out: out, samples: samples, requests: requests}
	if err := d.deploy(ctx); err != nil {
		return err
	}
	outside := false
	for i, s := range steps {
		ok, err := d.step(ctx, i, s)
		if err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
		outside = outside || !ok
	}
	if err := d.kubectl(ctx, "get", "trafficsplits,traffictargets"); err != nil {
		return err
	}
	if outside {
		return errOutside
	}
	fmt.Fprintf(out, "\nAll %d steps measured what they were to.\n", len(steps))
	return nil
}

// demo is one run.
type demo struct {
	cluster  *cluster.Cluster
	out      io.Writer
	samples  string
	requests int
}

// deploy brings up the shop and waits until all of it is ready.
func (d *demo) deploy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if err := d.cluster.WaitRollouts(ctx, cluster.System); err != nil {
		return fmt.Errorf("weft is not ready in this cluster (kubectl apply -k config/default): %w", err)
	}
	fmt.Fprintf(d.out, "The shop: front calls catalog (versions v1 and v2) over HTTP, catalog calls stock over TCP.\nA thief calls them too.\n\n")
	start := time.Now()
	if _, err := d.apply(ctx, "shop.yaml"); err != nil {
		return err
	}
	if err := d.cluster.WaitRollouts(ctx, namespace); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "    its pods are ready after %.1f s, each with its sidecar\n", time.Since(start).Seconds())
	return nil
}

// apply applies a file of the samples and shows the command that does the same.
func (d *demo) apply(ctx context.Context, file string) (text string, err error) {
	path := filepath.Join(d.samples, file)
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the sample: %w", err)
	}
	fmt.Fprintf(d.out, "    kubectl apply -f %s\n", path)
	if err := d.cluster.Apply(ctx, namespace, string(content)); err != nil {
		return "", fmt.Errorf("apply %s: %w", path, err)
	}
	return string(content), nil
}

func (d *demo) kubectl(ctx context.Context, args ...string) error {
	fmt.Fprintf(d.out, "\n    kubectl -n %s", namespace)
	for _, arg := range args {
		fmt.Fprintf(d.out, " %s", arg)
	}
	fmt.Fprintln(d.out)
	cmd := exec.CommandContext(ctx, "kubectl", append([]string{"-n", namespace}, args...)...)
	cmd.Stdout, cmd.Stderr = d.out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kubectl %v: %w", args, err)
	}
	return nil
}
