package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
	"github.com/weft-mesh/weft/test/bench/fleet/sidecars"
	"github.com/weft-mesh/weft/test/bench/record"
)

// bench is a controller, its fleet, and what is measured of them.
type bench struct {
	services, proxies, objects, clients int
	lasting                             time.Duration
	assets, root, weft                  string

	dir        string
	api        *cluster.APIServer
	mesh       *cluster.Mesh
	controller *cluster.Controller
	fleet      *sidecars.Fleet
	trust      *tls.Config
	weight     int64
	report     record.File
}

func main() {
	var b bench
	flag.IntVar(&b.services, "services", 1000, "size of the mesh")
	flag.IntVar(&b.proxies, "proxies", 200, "how many sidecars behave well")
	flag.IntVar(&b.clients, "clients", 6, "how many clients misbehave at a time, each with a pod's token or none")
	flag.IntVar(&b.objects, "objects", 10_000, "how many objects are applied in one go; 0 for none")
	flag.DurationVar(&b.lasting, "lasting", 25*time.Second, "how long each misbehaviour lasts")
	flag.StringVar(&b.assets, "assets", os.Getenv("KUBEBUILDER_ASSETS"), "where kube-apiserver, etcd and kubectl are")
	flag.StringVar(&b.root, "root", ".", "weft's sources")
	flag.StringVar(&b.weft, "weft", "bin/weft", "the binary that is measured")
	flag.StringVar(&b.report.Path, "out", "bin/bench/faults.json", "where the rows go")
	flag.Parse()
	b.report.Echo = os.Stdout
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context) error {
	var err error
	if b.dir, err = os.MkdirTemp("", "faults-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.setUp(ctx); err != nil {
		return err
	}
	defer b.api.Stop() //nolint:errcheck // it goes with its folder
	defer b.controller.Kill()
	b.fleet = sidecars.New(sidecars.Options{
		Address: b.controller.Address(), TLS: b.trust, Tokens: b.mesh.Tokens[:b.proxies], Secrets: []string{"workload", "roots"},
	})
	defer b.fleet.Close()
	if err := b.fleet.Connect(ctx); err != nil {
		return err
	}
	if err := b.measureAll(ctx); err != nil || b.objects == 0 {
		return err
	}
	return b.apply(ctx)
}

// measureAll measures nobody, each misbehaviour, and all of them at the same time.
func (b *bench) measureAll(ctx context.Context) error {
	if err := b.measure(ctx, "nobody-misbehaves"); err != nil {
		return err
	}
	for _, m := range misbehaviours {
		if err := b.measure(ctx, m.name, m); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return b.measure(ctx, "all-of-these", misbehaviours...)
}

func (b *bench) setUp(ctx context.Context) (err error) {
	if b.api, err = cluster.StartAPIServer(b.dir, b.root, b.assets); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.api.Stop())
		}
	}()
	if b.mesh, err = cluster.NewMesh(b.api.Config, b.services, b.proxies+b.clients); err != nil {
		return err
	}
	if err := b.mesh.Write(ctx); err != nil {
		return err
	}
	if b.controller, err = cluster.NewController(b.weft, b.dir, b.api.Kubeconfig); err != nil {
		return err
	}
	if err := b.controller.Run(ctx); err != nil {
		text, _ := os.ReadFile(filepath.Join(b.dir, "controller.log"))
		return fmt.Errorf("%w; its log: %s", err, text)
	}
	b.trust, err = b.controller.TLS(ctx, b.mesh)
	return err
}

// measure changes a weight again and again while clients misbehave in some ways,
// and notes how long it takes to reach all who do not, and what the controller
// holds.
func (b *bench) measure(ctx context.Context, name string, ways ...misbehaviour) error {
	before, err := b.controller.Metric("weft_xds_cut_streams_total")
	if err != nil {
		return err
	}
	if err := b.forgetPeak(); err != nil {
		return err
	}
	used, err := b.controller.CPU()
	if err != nil {
		return err
	}
	lasting, stop := context.WithTimeout(ctx, b.lasting)
	defer stop()
	var wait sync.WaitGroup
	var connects atomic.Int64
	clients := b.clients
	if len(ways) == 0 {
		clients = 0
	}
	for i := range clients {
		wait.Go(func() {
			connects.Add(int64(ways[i%len(ways)].misbehave(lasting, b.controller.Address(), b.mesh.Tokens[b.proxies+i], b.trust)))
		})
	}
	began := time.Now()
	var last []time.Duration
	for lasting.Err() == nil {
		took, err := b.change(ctx)
		if err != nil {
			return err
		}
		last = append(last, took)
		select {
		case <-lasting.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	cpu, err1 := b.controller.CPU()
	peak, err2 := b.controller.Memory("VmHWM")
	rss, err3 := b.controller.Memory("VmRSS")
	wait.Wait()
	after, err4 := b.controller.Metric("weft_xds_cut_streams_total")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	return b.add(row{
		"event": "misbehaviour", "goal": "F1", "kind": name, "clients": clients, "changes": len(last), "last_ack_p50_ms": record.Milliseconds(record.Quantile(last, 0.5)), "last_ack_max_ms": record.Milliseconds(record.Quantile(last, 1)),
		"connects": connects.Load(), "streams_cut": after - before, "cpu_percent": percent(cpu-used, time.Since(began)),
		"rss_bytes": rss, "peak_rss_bytes": peak,
	})
}

// change is how long a new weight takes to be acknowledged by the last sidecar.
func (b *bench) change(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	b.weight++
	w := b.fleet.Watch(sidecars.ScopedRoute, cluster.ServiceAddress(1).String()+":80")
	if err := b.mesh.Put(ctx, cluster.Split(1+b.weight%7)); err != nil {
		return 0, err
	}
	select {
	case <-w.Done():
		times := w.Times()
		return times[len(times)-1], nil
	case <-ctx.Done():
		return 0, fmt.Errorf("%d of %d sidecars have the change: %w", len(w.Times()), b.proxies, errors.Join(ctx.Err(), b.fleet.Failure()))
	}
}

// forgetPeak has the controller's greatest memory be that of from now on.
func (b *bench) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", b.controller.Process.Process.Pid), []byte("5"), 0)
}
