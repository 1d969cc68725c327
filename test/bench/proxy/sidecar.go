//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weft-mesh/weft/internal/podnet"
	"github.com/weft-mesh/weft/translators/envoy"
)

// patience ends a bench that hangs.
const patience = 60 * time.Second

// process is a running Envoy.
type process struct {
	place *place
	pid   int
	// ready is how long it took to be.
	ready time.Duration
	stop  func()
}

// sidecar starts a pod's sidecar as the injector does, and waits until it is
// ready.
func (w *world) sidecar(p *place) (*process, error) {
	b := envoy.NewBootstrap(gateway.Addr().String(), xdsPort)
	dir, err := w.dir()
	if err != nil {
		return nil, err
	}
	b.ServerName, b.RunDir, b.Roots = xdsName, dir, w.ca.Roots().PEM()
	files, err := envoy.BuildBootstrap(b)
	if err != nil {
		return nil, err
	}
	files[envoy.TokenFile] = namespace + "/" + p.account.Name + "/" + p.account.Name
	return w.start(p, dir, files, envoy.ReadyPort)
}

// dir is a folder that the sidecar's user reads.
func (w *world) dir() (string, error) {
	dir, err := os.MkdirTemp("", "weft-bench-")
	if err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	w.later(func() { os.RemoveAll(dir) })
	return dir, os.Chmod(dir, 0o755) //nolint:gosec // another user reads it
}

// start starts an Envoy on the CPUs of Envoys, with a bootstrap among its files,
// and waits until it says at a port that it is ready.
func (w *world) start(p *place, dir string, files map[string]string, readyPort int) (*process, error) {
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil { //nolint:gosec // another user reads it
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
	}
	cmd := exec.Command(w.envoy, "-c", filepath.Join(dir, envoy.BootstrapFile), "--service-node", p.account.Name, "--service-cluster", "bench", //nolint:gosec // it is the Envoy of the flag
		"--config-yaml", envoy.MemoryBound("536870912"),
		"--concurrency", "1", "--disable-hot-restart", "--log-level", "error")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: &syscall.Credential{Uid: podnet.ProxyUID, Gid: podnet.ProxyUID}}
	begin := time.Now()
	err := p.Do(func() error {
		// A child has the CPUs of the thread that starts it.
		var own unix.CPUSet
		if err := unix.SchedGetaffinity(0, &own); err != nil {
			return err
		}
		defer unix.SchedSetaffinity(0, &own) //nolint:errcheck // what could be set can be set back
		if err := unix.SchedSetaffinity(0, w.envoyCPUs()); err != nil {
			return err
		}
		return cmd.Start()
	})
	if err != nil {
		return nil, fmt.Errorf("start Envoy: %w", err)
	}
	stopped := false
	e := &process{place: p, pid: cmd.Process.Pid, stop: func() {
		if !stopped {
			stopped = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // it was killed
		}
	}}
	w.later(e.stop)
	if err := e.waitUntilReady(readyPort); err != nil {
		return nil, err
	}
	e.ready = time.Since(begin)
	return e, nil
}

func (e *process) waitUntilReady(port int) error {
	url := "http://" + net.JoinHostPort(e.place.addr.String(), strconv.Itoa(port)) + envoy.ReadyPath
	client := e.place.http()
	deadline := time.Now().Add(patience)
	for {
		r, err := client.Get(url)
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
			err = errors.New(r.Status)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("Envoy is not ready after %s: %w", patience, err) //nolint:staticcheck // a name
		}
		time.Sleep(time.Millisecond) // between two looks
	}
}

// http is a client in the pod that opens a connection for each request.
func (p *place) http() *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(ctx context.Context, _, address string) (net.Conn, error) { return p.Dial(ctx, address) },
	}}
}

// scrape asks for the figures as Prometheus does, and tells their size and how
// long it took.
func (e *process) scrape() (size int, took time.Duration, err error) {
	url := "http://" + net.JoinHostPort(e.place.addr.String(), strconv.Itoa(envoy.MetricsPort)) + envoy.StatsPath
	begin := time.Now()
	r, err := e.place.http().Get(url)
	if err != nil {
		return 0, 0, fmt.Errorf("scrape: %w", err)
	}
	defer r.Body.Close()
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("scrape: %s: %w", r.Status, err)
	}
	return int(n), time.Since(begin), nil
}
