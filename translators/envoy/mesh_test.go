//go:build linux

package envoy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/internal/podnet"
	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/test/network"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/envoy/envoytest"
	"github.com/weft-mesh/weft/translators/model"
)

const trustDomain = "weft.test"

// guard ends a test that hangs; none passes or fails by it otherwise.
const guard = 30 * time.Second

var (
	host4 = netip.MustParsePrefix("198.18.80.1/24")
	host6 = netip.MustParsePrefix("fd00:80::1/64")
)

// mesh is a control plane and pods, in network namespaces of their own: real
// Envoys behind the rules of `weft init`, served views by the real xDS server.
type mesh struct {
	t     *testing.T
	host  *netns
	fleet *fleet
	ca    *identity.CA
	pods  int
}

func newMesh(t *testing.T) *mesh {
	t.Helper()
	binary(t) // without one the whole test is left out, not a part of it
	m := &mesh{t: t, host: newNetns(t), fleet: newFleet(t)}
	if err := m.host.Bridge(host4, host6); err != nil {
		t.Fatal(err)
	}
	material, err := identity.NewRoot(trustDomain, clock.RealClock{})
	if err != nil {
		t.Fatal(err)
	}
	if m.ca, err = identity.Load(trustDomain, material, clock.RealClock{}); err != nil {
		t.Fatal(err)
	}
	m.serve()
	return m
}

const serverName = "weft-controller.weft-system.svc"

func (m *mesh) serve() {
	m.t.Helper()
	authority := &identity.Authority{}
	authority.Set(m.ca)
	issuer, err := xds.NewIssuer(xds.IssuerOptions{Authority: authority, WorkloadOf: func(p identity.Peer) model.Workload {
		return model.Workload{Kind: "deployments", Name: p.Pod.Name}
	}})
	if err != nil {
		m.t.Fatal(err)
	}
	server, err := xds.New(xds.Options{
		Fleet: m.fleet, Authenticator: tokens{}, Secrets: issuer, Log: logr.Discard(), Clock: clock.RealClock{},
		TLS: identity.NewServerKeeper(authority, clock.RealClock{}, serverName).ServerTLS(), Registerer: prometheus.NewRegistry(),
		ShutdownTimeout: time.Millisecond,
	})
	if err != nil {
		m.t.Fatal(err)
	}
	l := m.host.listen(netip.AddrPortFrom(host4.Addr(), 15012).String())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- server.Serve(ctx, l) }()
	m.t.Cleanup(func() {
		cancel()
		<-done
	})
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

// pod is a pod of the mesh: its namespace, its sidecar, and what that runs.
type pod struct {
	*netns
	mesh   *mesh
	name   string
	addr4  netip.Addr
	addr6  netip.Addr
	log    *bytes.Buffer
	client *http.Client
	// env is the sidecar's environment, dir its RunDir.
	env []string
	dir string
}

// pod makes a pod without a sidecar.
func (m *mesh) pod(name string) *pod {
	m.t.Helper()
	m.pods++
	p := &pod{netns: newNetns(m.t), mesh: m, name: name, addr4: host4.Addr(), addr6: host6.Addr(), log: &bytes.Buffer{}}
	for range 10 + m.pods {
		p.addr4, p.addr6 = p.addr4.Next(), p.addr6.Next()
	}
	err := m.host.Cable(fmt.Sprintf("pod%d", m.pods), p.Namespace, []netip.Addr{host4.Addr(), host6.Addr()},
		netip.PrefixFrom(p.addr4, host4.Bits()), netip.PrefixFrom(p.addr6, host6.Bits()))
	if err != nil {
		m.t.Fatal(err)
	}
	p.client = p.newClient()
	return p
}

// newClient makes an HTTP/1.1 client in the pod, with connections of its own.
func (p *pod) newClient() *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, address string) (net.Conn, error) { return p.dial(ctx, address) }}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: guard, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// newClient2 makes a client that speaks HTTP/2 with prior knowledge.
func (p *pod) newClient2() *http.Client {
	c := p.newClient()
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	c.Transport.(*http.Transport).Protocols = protocols
	return c
}

var oneInit sync.Mutex

// memoryLimit is that of a sidecar's container by default, in bytes.
const memoryLimit = 512 << 20

// sidecar starts a sidecar of an identity, with what it is to run, and waits
// until it is ready.
func (p *pod) sidecar(account string, v views) {
	p.t.Helper()
	p.do(func() error {
		oneInit.Lock() // in a cluster each is a process of its own
		defer oneInit.Unlock()
		c := podnet.NewConfig(podnet.Exclusions{})
		c.ServiceCIDRs = []netip.Prefix{netip.MustParsePrefix("198.19.0.0/16"), netip.MustParsePrefix("fd00:99::/112")}
		return podnet.Apply(context.Background(), c)
	})
	p.mesh.publish(p, v)
	p.dir = p.runDir(account)
	dir := p.dir
	cmd := exec.Command(binary(p.t), "-c", filepath.Join(dir, envoy.BootstrapFile), "--config-yaml", envoy.MemoryBound(strconv.Itoa(memoryLimit)),
		"--service-node", p.name, "--service-cluster", "test",
		"--concurrency", "1", "--disable-hot-restart", "--drain-time-s", "1", "--log-level", "warning")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, p.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: podnet.ProxyUID, Gid: podnet.ProxyUID}}
	p.t.Cleanup(func() {
		text, err := os.ReadFile(log.Name())
		if bug := bytes.Index(text, []byte("envoy bug failure")); bug >= 0 {
			line, _, _ := bytes.Cut(text[bug:], []byte("\n"))
			p.t.Errorf("Envoy of %s: %s", p.name, line)
		} else if err == nil && p.t.Failed() {
			p.t.Logf("Envoy of %s:\n%s", p.name, text)
		}
	})
	p.start(cmd)
	p.eventually("the sidecar is ready", func() error {
		r, err := p.client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", envoy.ReadyPort, envoy.ReadyPath))
		if err != nil {
			return err
		}
		defer r.Body.Close()
		if r.StatusCode != http.StatusOK {
			return fmt.Errorf("%s", r.Status)
		}
		return nil
	})
}

// runDir is what the projected volume holds, for the sidecar's user to read.
func (p *pod) runDir(account string) string {
	p.t.Helper()
	dir, err := os.MkdirTemp("", "weft-pod-")
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		p.t.Fatal(err)
	}
	b := envoy.NewBootstrap(host4.Addr().String(), 15012)
	b.ServerName, b.RunDir, b.IPv6, b.Roots = serverName, dir, true, p.mesh.ca.Roots().PEM()
	files, err := envoy.BuildBootstrap(b)
	if err != nil {
		p.t.Fatal(err)
	}
	files[envoy.TokenFile] = "shop/" + p.name + "/" + account
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	return dir
}

// eventually waits for a condition.
func (p *pod) eventually(what string, try func() error) {
	p.t.Helper()
	deadline := time.Now().Add(guard)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: not until %s: %v", what, guard, err)
		}
		time.Sleep(5 * time.Millisecond) // between two looks at the condition
	}
}

// binary is Envoy where the sidecar's user may start it: the folder that it was
// built in may be closed to all but its owner.
func binary(t *testing.T) string {
	t.Helper()
	found := envoytest.Binary(t)
	openBinary.Do(func() { openBinary.path, openBinary.err = network.ProgramForAll(found) })
	if openBinary.err != nil {
		t.Fatal(openBinary.err)
	}
	return openBinary.path
}

var openBinary struct {
	sync.Once
	path string
	err  error
}

// TestMain removes the copy.
func TestMain(m *testing.M) {
	code := m.Run()
	if openBinary.path != "" {
		_ = os.RemoveAll(filepath.Dir(openBinary.path))
	}
	os.Exit(code)
}

// serverTLS is a TLS configuration of an application's own, not of the mesh.
func serverTLS(t *testing.T, ca *identity.CA) *tls.Config {
	t.Helper()
	cert, err := ca.IssueServer(time.Hour, "app.test")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := cert.TLS()
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{*pair}}
}

// fleet gives each pod what the test publishes for it.
type fleet struct {
	t       *testing.T
	mu      sync.Mutex
	by      map[string]*xds.Snapshot
	demand  map[string]*xds.Resource
	members map[*member]bool
	// synced is closed when a pod has acknowledged a snapshot.
	synced   map[*xds.Snapshot]chan struct{}
	rejected []string
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{t: t, by: map[string]*xds.Snapshot{}, demand: map[string]*xds.Resource{}, members: map[*member]bool{}, synced: map[*xds.Snapshot]chan struct{}{}}
	t.Cleanup(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, r := range f.rejected {
			t.Errorf("Envoy refused %s", r)
		}
	})
	return f
}

func (f *fleet) Connect(_ context.Context, peer identity.Peer) (xds.Member, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := &member{fleet: f, pod: peer.Pod.Name, changed: make(chan struct{}, 1)}
	f.members[m] = true
	return m, nil
}

func (f *fleet) signal() {
	for m := range f.members {
		select {
		case m.changed <- struct{}{}:
		default:
		}
	}
}

type member struct {
	fleet   *fleet
	pod     string
	changed chan struct{}
}

func (m *member) Changed() <-chan struct{} { return m.changed }

func (m *member) Snapshot() *xds.Snapshot {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	return m.fleet.by[m.pod]
}

func (m *member) OnDemand(name string) *xds.Resource {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	return m.fleet.demand[name]
}

func (m *member) Synced(s *xds.Snapshot) {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	if c := m.fleet.synced[s]; c != nil {
		close(c)
		delete(m.fleet.synced, s)
	}
}

func (m *member) Rejected(t xds.Type, r *xds.Resource, message string) {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	m.fleet.rejected = append(m.fleet.rejected, fmt.Sprintf("%s %s: %s", t, r.Name, message))
}

func (m *member) Close() {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	delete(m.fleet.members, m)
}

// publish gives a pod something to run. The channel is closed when it does.
func (m *mesh) publish(p *pod, v views) <-chan struct{} {
	m.t.Helper()
	s := v.snapshot(m.t)
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	done := make(chan struct{})
	m.fleet.by[p.name], m.fleet.synced[s] = s, done
	m.fleet.signal()
	return done
}

// publishAndWait returns when the pod runs it.
func (p *pod) publishAndWait(v views) {
	p.t.Helper()
	select {
	case <-p.mesh.publish(p, v):
	case <-time.After(guard):
		p.t.Fatalf("%s does not acknowledge its configuration", p.name)
	}
}

// direct makes known who is behind an address.
func (m *mesh) direct(v model.DirectCluster) {
	m.t.Helper()
	c := envoy.BuildDirectCluster(v)
	r := resource(m.t, c.GetName(), c)
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	m.fleet.demand[r.Name] = r
	m.fleet.signal()
}

func resource(t *testing.T, name string, m proto.Message) *xds.Resource {
	t.Helper()
	if err := envoy.Validate(m); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	r, err := xds.NewResource(name, m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
