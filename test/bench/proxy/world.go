//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/engine"
	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/internal/podnet"
	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/test/network"
	"github.com/weft-mesh/weft/translators/model"
)

const (
	trustDomain = "bench.test"
	xdsPort     = 15012
	xdsName     = "weft-controller.weft-system.svc"
)

var gateway = netip.MustParsePrefix("198.18.80.1/24")

// world is a control plane and the pods of a client and a server.
type world struct {
	settings
	engine    *engine.Engine
	authority *identity.Authority
	ca        *identity.CA
	metrics   *prometheus.Registry
	host      *network.Namespace
	client    *place
	server    *place
	// stop ends the control plane, as a crash does.
	stop    func()
	closers []func()
}

// place is a pod's network.
type place struct {
	*network.Namespace
	addr    netip.Addr
	account model.Identity
}

// usableEnvoy finds Envoy, or tells what is missing before anything is measured.
func usableEnvoy() (string, error) {
	if os.Getuid() != 0 {
		return "", errors.New("making network namespaces takes root")
	}
	path, err := exec.LookPath("envoy")
	if err != nil {
		return "", fmt.Errorf("no Envoy (`make lab` builds one): %w", err)
	}
	return path, nil
}

// newWorld makes a world in which the applications answer and no sidecar runs
// yet.
func newWorld(s settings, m mesh) (w *world, err error) {
	w = &world{settings: s, authority: &identity.Authority{}}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.host, err = w.namespace(); err != nil {
		return w, err
	}
	if err := w.host.Bridge(gateway); err != nil {
		return w, err
	}
	if w.client, err = w.place("198.18.80.11", clientIdentity); err != nil {
		return w, err
	}
	if w.server, err = w.place("198.18.80.12", serverIdentity); err != nil {
		return w, err
	}
	if err := w.control(m); err != nil {
		return w, err
	}
	for i := range uint16(served) {
		l, err := w.server.Listen(netip.AddrPortFrom(netip.IPv4Unspecified(), appPort+i).String())
		if err != nil {
			return w, err
		}
		w.later(func() { l.Close() })
		go serveApp(l, serviceKey(int(i)).Name)
	}
	return w, nil
}

// later closes something, the newest first.
func (w *world) later(f func()) { w.closers = append(w.closers, f) }

func (w *world) close() {
	for _, f := range slices.Backward(w.closers) {
		f()
	}
}

func (w *world) namespace() (*network.Namespace, error) {
	n, err := network.New()
	if err == nil {
		w.later(n.Close)
	}
	return n, err
}

func (w *world) place(address string, account model.Identity) (*place, error) {
	n, err := w.namespace()
	if err != nil {
		return nil, err
	}
	p := &place{Namespace: n, addr: netip.MustParseAddr(address), account: account}
	if err := w.host.Cable(account.Name, n, []netip.Addr{gateway.Addr()}, netip.PrefixFrom(p.addr, gateway.Bits())); err != nil {
		return nil, err
	}
	return p, n.Do(func() error { return podnet.Apply(context.Background(), podnet.NewConfig(podnet.Exclusions{})) })
}

// control makes a CA and a control plane.
func (w *world) control(m mesh) error {
	material, err := identity.NewRoot(trustDomain, clock.RealClock{})
	if err != nil {
		return err
	}
	if w.ca, err = identity.Load(trustDomain, material, clock.RealClock{}); err != nil {
		return err
	}
	w.authority.Set(w.ca)
	w.later(func() { w.stop() })
	return w.run(m)
}

// run starts the engine and the xDS server, as `weft controller` does.
func (w *world) run(m mesh) error {
	w.stop = func() {}
	w.engine, w.metrics = engine.New(engine.Options{}), prometheus.NewRegistry()
	m.put(w.engine, w.client.addr, w.server.addr)
	w.engine.Synced()
	issuer, err := xds.NewIssuer(xds.IssuerOptions{Authority: w.authority, WorkloadOf: func(p identity.Peer) model.Workload {
		return w.engine.Workload(p.Pod)
	}})
	if err != nil {
		return err
	}
	server, err := xds.New(xds.Options{
		Fleet: w.engine, Authenticator: tokens{}, Secrets: issuer, Log: logr.Discard(), Registerer: w.metrics,
		TLS: identity.NewServerKeeper(w.authority, clock.RealClock{}, xdsName).ServerTLS(), ShutdownTimeout: time.Millisecond,
	})
	if err != nil {
		return err
	}
	l, err := w.host.Listen(netip.AddrPortFrom(gateway.Addr(), xdsPort).String())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	for _, part := range []func(context.Context) error{w.engine.Start, func(ctx context.Context) error { return server.Serve(ctx, l) }} {
		parts.Go(func() { _ = part(ctx) }) // who depends on it fails
	}
	w.stop = func() {
		cancel()
		parts.Wait()
	}
	return nil
}

// tokens takes the token "namespace/pod/account".
type tokens struct{}

func (tokens) Authenticate(_ context.Context, token string) (identity.Peer, error) {
	p := strings.Split(token, "/")
	if len(p) != 3 {
		return identity.Peer{}, identity.ErrUnauthenticated
	}
	return identity.Peer{Pod: model.Key{Namespace: p[0], Name: p[1]}, ServiceAccount: model.Identity{Namespace: p[0], Name: p[2]}}, nil
}

// call dials the first Service from the client's pod.
func (w *world) call(ctx context.Context) (net.Conn, error) {
	return w.client.Dial(ctx, netip.AddrPortFrom(serviceAddress(0), servicePort).String())
}

// pushed is what the control plane has sent, in bytes.
func (w *world) pushed() (float64, error) {
	sum := 0.0
	err := w.eachMetric("weft_xds_bytes_total", func(m *dto.Metric) { sum += m.GetCounter().GetValue() })
	return sum, err
}

// eachMetric calls f for all of a family of the control plane's metrics.
func (w *world) eachMetric(family string, f func(*dto.Metric)) error {
	families, err := w.metrics.Gather()
	if err != nil {
		return fmt.Errorf("read the control plane's metrics: %w", err)
	}
	for _, of := range families {
		if of.GetName() == family {
			for _, m := range of.GetMetric() {
				f(m)
			}
		}
	}
	return nil
}
