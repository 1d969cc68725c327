package xds

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/envoy/envoytest"
)

// realEnvoy is an Envoy that runs on the product's own bootstrap.
type realEnvoy struct {
	t     *testing.T
	w     *world
	dir   string
	admin string
}

const controlPlane = "weft-controller.weft-system.svc"

func startEnvoy(t *testing.T, s func(dir string) *Snapshot) *realEnvoy {
	t.Helper()
	binary := envoytest.Binary(t)
	// Socket paths have to be short.
	dir, err := os.MkdirTemp("", "weft")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := newWorldAt(t, s(dir), clock.RealClock{}, withTLS)
	e := &realEnvoy{t: t, w: w, dir: dir}
	host, port, err := net.SplitHostPort(w.addr)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	files, err := envoy.BuildBootstrap(envoy.Bootstrap{
		XDSHost: host, XDSPort: uint16(number), ServerName: controlPlane, RunDir: dir, Roots: w.authority.CA().Roots().PEM(),
	})
	if err != nil {
		t.Fatal(err)
	}
	files[envoy.TokenFile] = "shop/web-1/web"
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e.run(binary)
	return e
}

// withTLS serves with a certificate of the mesh's own CA, as the controller does.
func withTLS(o *Options) {
	authority := o.Secrets.(*Issuer).options.Authority
	o.TLS = identity.NewServerKeeper(authority, o.Clock, controlPlane).ServerTLS()
}

func (e *realEnvoy) run(binary string) {
	e.t.Helper()
	log, err := os.Create(filepath.Join(e.dir, "log"))
	if err != nil {
		e.t.Fatal(err)
	}
	admin := filepath.Join(e.dir, "admin")
	cmd := exec.Command(binary, "-c", filepath.Join(e.dir, envoy.BootstrapFile), "--service-node", "web-1.shop", "--service-cluster", "mesh",
		"--admin-address-path", admin, "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	t := e.t
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("Envoy said:\n%s", text)
		}
	})
	e.until("Envoy is up", func() bool {
		text, err := os.ReadFile(admin)
		e.admin = strings.TrimSpace(string(text))
		return err == nil && e.admin != ""
	})
}

// until waits for a condition outside of this process.
func (e *realEnvoy) until(what string, ok func() bool) {
	e.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(guard); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			e.t.Fatalf("not so: %s", what)
		}
	}
}

// ask reads a page of the admin listener.
func (e *realEnvoy) ask(path string) string {
	e.t.Helper()
	resp, err := http.Get("http://" + e.admin + path)
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

func (e *realEnvoy) stat(name string) string {
	e.t.Helper()
	_, value, _ := strings.Cut(e.ask("/stats?filter=^"+name+"$"), ": ")
	return value
}

// get asks through one of the proxy's listeners.
func (e *realEnvoy) get(listener string) (int, http.Header) {
	client := &http.Client{Timeout: guard, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", e.dir+"/"+listener+".sock")
	}}}
	resp, err := client.Get("http://mesh/")
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header
}

// Trap 63: what was in force stays in force where an update is refused.
// Trap 64: a renewal cuts no connection.
func TestRealEnvoy(t *testing.T) {
	c := realConfig{t: t, timeout: time.Second, version: "1"}
	e := startEnvoy(t, func(dir string) *Snapshot { c.dir = dir; return c.snapshot() })
	members := e.w.joined(1)
	e.w.all(members, e.w.fleet.snapshot)
	status, header := e.get("out")
	if status != http.StatusOK || header.Get("x-version") != "1" || header.Get("x-caller") != "spiffe://td.local/ns/shop/sa/web" {
		t.Fatalf("status %d, %v", status, header)
	}
	if got := header.Get("x-subject"); !strings.Contains(got, "CN=web-1") || !strings.Contains(got, "OU=deployments/web") {
		t.Errorf("subject %q", got)
	}
	if got := e.stat("control_plane.connected_state"); got != "1" {
		t.Errorf("connected_state is %q", got)
	}
	e.step("change", func() { e.testChange(&c, members) })
	e.step("on demand", func() { e.testOnDemand(c) })
	e.step("refusal", func() { e.testRefusal(&c, members[0]) })
	e.step("renewal", func() { e.testRenewal() })
	e.step("restart", func() { e.testRestart() })
}

// step is one part of the story, which goes on where the last has left off.
func (e *realEnvoy) step(name string, do func()) {
	whole := e.t
	whole.Run(name, func(t *testing.T) {
		e.t = t
		defer func() { e.t = whole }()
		do()
	})
}

// testChange changes cluster, endpoints' name and route at once.
func (e *realEnvoy) testChange(c *realConfig, members []*fakeMember) {
	c.timeout, c.version = 2*time.Second, "2"
	next := c.snapshot()
	e.w.fleet.publish(next)
	e.w.all(members, next)
	if status, header := e.get("out"); status != http.StatusOK || header.Get("x-version") != "2" {
		e.t.Errorf("status %d, %v", status, header)
	}
	if got := e.stat("cluster_manager.cds.update_rejected"); got != "0" {
		e.t.Errorf("%s updates rejected", got)
	}
}

// testOnDemand dials an address that nobody knew, then one that is known.
func (e *realEnvoy) testOnDemand(c realConfig) {
	if status, _ := e.get("direct"); status != 0 {
		e.t.Errorf("status %d of a cluster that does not exist", status)
	}
	// It leads to the listener "out": the answer comes from the mesh.
	e.w.fleet.resolve(directName, c.directTo("out"))
	e.until("the direct address is reached", func() bool {
		status, _ := e.get("direct")
		return status == http.StatusOK
	})
}

// testRefusal publishes a route that Envoy refuses beside one that it takes.
func (e *realEnvoy) testRefusal(c *realConfig, m *fakeMember) {
	c.bad, c.version = true, "3"
	e.w.fleet.publish(c.snapshot())
	if got := <-m.rejected; !strings.HasPrefix(got, "RDS route: ") || !strings.Contains(got, "(?=") {
		e.t.Errorf("rejected %q", got)
	}
	e.until("the good route is in force", func() bool {
		_, header := e.get("spare")
		return header.Get("x-version") == "3"
	})
	if status, header := e.get("out"); status != http.StatusOK || header.Get("x-version") != "2" {
		e.t.Errorf("the refused route: status %d, %v", status, header)
	}
	c.bad = false
	next := c.snapshot()
	e.w.fleet.publish(next)
	e.w.all([]*fakeMember{m}, next)
	if _, header := e.get("out"); header.Get("x-version") != "3" {
		e.t.Errorf("the mended route: %v", header)
	}
}

// testRenewal shortens the life of certificates; connections go on.
func (e *realEnvoy) testRenewal() {
	_, header := e.get("out")
	before := header.Get("x-serial")
	if before == "" || !strings.Contains(e.ask("/certs"), before) {
		e.t.Fatalf("the certificate %q is not the one in use", before)
	}
	e.w.authority.SetLifetime(20 * time.Second)
	served := 0
	e.until("a new certificate is in use", func() bool {
		if status, _ := e.get("out"); status != http.StatusOK {
			e.t.Fatalf("status %d after %d requests", status, served)
		}
		served++
		certs := e.ask("/certs")
		return strings.Contains(certs, "serial_number") && !strings.Contains(certs, before)
	})
}

// testRestart replaces the server: the proxy goes on, and is sent nothing that
// it has.
func (e *realEnvoy) testRestart() {
	e.w.authority.SetLifetime(time.Hour)
	o, addr := e.w.server.options, e.w.addr
	e.w.stop()
	if status, _ := e.get("out"); status != http.StatusOK {
		e.t.Errorf("status %d without a control plane", status)
	}
	o.Registerer = prometheus.NewRegistry()
	e.w.serve(addr, o)
	members := e.w.joined(1)
	e.w.all(members, e.w.fleet.snapshot)
	for t := Cluster; t <= Listener; t++ {
		if got := counter(e.w.server.metrics.byType[t].resources); got != 0 {
			e.t.Errorf("%v: %v resources were sent again", t, got)
		}
	}
	if got := e.stat("control_plane.connected_state"); got != "1" {
		e.t.Error(fmt.Sprint("connected_state is ", got))
	}
}
