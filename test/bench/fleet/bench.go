package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/weft-mesh/weft/test/bench/fleet/cluster"
	"github.com/weft-mesh/weft/test/bench/fleet/replay"
	"github.com/weft-mesh/weft/test/bench/fleet/sidecars"
	"github.com/weft-mesh/weft/test/bench/record"
)

// secrets are what a sidecar of weft asks for beside its configuration.
var secrets = []string{"workload", "roots"}

// weft is the name of the server that is the real controller.
const weft = "weft"

// bench is the measurement of one size.
type bench struct {
	settings
	services, proxies int
	// whole tells that the parts beside single changes are measured, too.
	whole  bool
	dir    string
	report *report

	mesh       *cluster.Mesh
	controller *cluster.Controller
	trust      *tls.Config
	recorder   *replay.Recorder
	// lone is how long a lone change took from the API server to the first
	// acknowledgement, a new endpoint or a new weight.
	lone time.Duration
}

// server is what a fleet is connected to.
type server struct {
	name  string
	fleet *sidecars.Fleet
	cluster.Process
	// rounds is how often each event is made.
	rounds int
	// change makes a change, or takes it back.
	change func(ctx context.Context, e event, back bool) error
}

func (b *bench) run(ctx context.Context) error {
	if b.recording == "" {
		b.recording = filepath.Join(b.dir, "recording")
	}
	b.recorder = replay.NewRecorder()
	if slices.Contains(b.servers, weft) {
		if err := b.real(ctx); err != nil {
			return err
		}
		if err := b.recorder.Recording().Write(b.recording); err != nil {
			return err
		}
	}
	return b.others(ctx)
}

// real has a mesh in an API server.
func (b *bench) real(ctx context.Context) error {
	api, err := cluster.StartAPIServer(b.dir, b.root, b.assets)
	if err != nil {
		return err
	}
	defer api.Stop() //nolint:errcheck // it goes with its folder
	b.mesh, err = cluster.NewMesh(api.Config, b.services, b.proxies+cluster.Classes)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := b.mesh.Write(ctx); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "fleet: wrote %d services and %d pods in %v\n", b.services, b.proxies, time.Since(began).Round(time.Millisecond))
	return b.weft(ctx, api.Kubeconfig)
}

// weft measures the real controller.
func (b *bench) weft(ctx context.Context, kubeconfig string) error {
	var err error
	b.controller, err = cluster.NewController(b.settings.weft, b.dir, kubeconfig)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := b.controller.Run(ctx); err != nil {
		return b.withLog(err)
	}
	defer func() { b.controller.Kill() }() // the one that runs then
	fmt.Fprintf(os.Stderr, "fleet: the controller was ready in %v\n", time.Since(began).Round(time.Millisecond))
	b.trust, err = b.controller.TLS(ctx, b.mesh)
	if err != nil {
		return err
	}
	b.report.common = row{"server": weft, "services": b.services, "proxies": b.proxies, "tls": "tls"}
	// One of each class is there before: what the mesh costs is no proxy's.
	residents := sidecars.New(sidecars.Options{Address: b.controller.Address(), TLS: b.trust, Tokens: b.mesh.Tokens[b.proxies:], Secrets: secrets})
	defer residents.Close()
	if err := residents.Connect(ctx); err != nil {
		return err
	}
	fleet := sidecars.New(sidecars.Options{
		Address: b.controller.Address(), TLS: b.trust, Tokens: b.mesh.Tokens[:b.proxies], Secrets: secrets,
		Keep: func(k sidecars.Kind, name string, body []byte) {
			if k != sidecars.Secret { // that is its own
				b.recorder.Keep(k.URL(), name, body)
			}
		},
	})
	defer fleet.Close()
	s := &server{name: weft, rounds: b.rounds, fleet: fleet, Process: b.controller.Process, change: func(ctx context.Context, e event, back bool) error {
		return e.write(ctx, b.mesh, back)
	}}
	connected, err := b.connect(ctx, s, b.controller.Held)
	if err != nil {
		return err
	}
	if err := b.events(ctx, s); err != nil {
		return b.withLog(err)
	}
	if !b.whole {
		return nil
	}
	return b.withLog(b.life(ctx, s, connected))
}

// withLog adds to an error the end of what the controller has logged.
func (b *bench) withLog(err error) error {
	const most = 4 << 10
	text, readErr := os.ReadFile(filepath.Join(b.dir, "controller.log"))
	if err == nil || readErr != nil {
		return err
	}
	return fmt.Errorf("%w; the controller's log ends: %s", err, text[max(len(text)-most, 0):])
}

// connect has all sidecars connect at once, and gives the bytes that they were
// sent: goals 6 and 9.
func (b *bench) connect(ctx context.Context, s *server, held func(context.Context) (rss, live int64, err error)) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	rss, live, err1 := held(ctx)
	cpu, err2 := s.CPU()
	if err := errors.Join(err1, err2); err != nil {
		return 0, err
	}
	stop := b.profileWhile(s, "connect-all")
	began := time.Now()
	if err := s.fleet.Connect(ctx); err != nil {
		return 0, err
	}
	took := time.Since(began)
	quiet(s.fleet)
	stop()
	used, err1 := s.CPU()
	peak, err2 := s.Memory("VmHWM")
	if err := errors.Join(err1, err2, idle(ctx, s)); err != nil {
		return 0, err
	}
	rss1, live1, err1 := held(ctx)
	err2 = b.report.add("connect-all", row{
		"goal": "G6", "connect_all_ms": record.Milliseconds(took), "cpu_us_per_proxy": microseconds(used-cpu, b.proxies),
		"bytes_per_proxy": share(s.fleet.Read(), b.proxies), "peak_rss_bytes": peak,
	})
	if err := errors.Join(err1, err2); err != nil || b.proxies < manyProxies {
		return s.fleet.Read(), err
	}
	name := s.name
	if name == plain {
		name = weft // the controller itself has no plaintext to be measured
	}
	return s.fleet.Read(), b.report.add("memory", row{
		"server": name, "measured": s.name, "goal": "G9", "rss_bytes_per_proxy": share(rss1-rss, b.proxies), "live_bytes_per_proxy": share(live1-live, b.proxies),
		"rss_bytes": rss1, "rss_bytes_before": rss,
	})
}

// manyProxies are enough for what they hold to be seen beside all else that a
// process holds.
const manyProxies = 500

// idle waits until a server has nothing more to do: the leader's first look at
// each object goes on for a while.
func idle(ctx context.Context, s *server) error {
	const window, least = 500 * time.Millisecond, 5 * time.Millisecond
	tick := time.NewTicker(window)
	defer tick.Stop()
	for last := time.Duration(0); ; {
		cpu, err := s.CPU()
		if err != nil || (last > 0 && cpu-last < least) {
			return err
		}
		last = cpu
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
