package envoy_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/envoy/envoytest"
)

// TestFilesThatASidecarWatches: other roots are heeded as the kubelet brings
// them, and the sidecar takes three of the inotify instances that all sidecars of
// a node share.
func TestFilesThatASidecarWatches(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, other := rootsOf(t, "first.test"), rootsOf(t, "other.test")
	mount(t, dir, "..1", first)
	cmd := exec.Command(envoytest.Binary(t), "-c", filepath.Join(dir, envoy.BootstrapFile), "--service-node", "n", "--service-cluster", "c",
		"--use-dynamic-base-id", "--concurrency", "1", "--log-level", "error", "--admin-address-path", filepath.Join(dir, "admin"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	trusts := func(roots []byte) func() error {
		return func() error {
			page, err := secrets(filepath.Join(dir, "admin"))
			if err == nil && !strings.Contains(page, `"name": "token"`) {
				err = errors.New("no token yet")
			}
			if err == nil && !strings.Contains(page, base64.StdEncoding.EncodeToString(roots)) {
				err = fmt.Errorf("no %s in %s", roots, page)
			}
			return err
		}
	}
	until(t, trusts(first))
	if n := inotifyInstances(t, cmd.Process.Pid); n != 3 {
		t.Errorf("%d inotify instances", n)
	}
	mount(t, dir, "..2", other)
	until(t, trusts(other))
}

func rootsOf(t *testing.T, trustDomain string) []byte {
	material, err := identity.NewRoot(trustDomain, clock.RealClock{})
	if err != nil {
		t.Fatal(err)
	}
	ca, err := identity.Load(trustDomain, material, clock.RealClock{})
	if err != nil {
		t.Fatal(err)
	}
	return ca.Roots().PEM()
}

// mount writes a sidecar's files as the kubelet does: into a new folder, which a
// link is then moved to.
func mount(t *testing.T, dir, version string, roots []byte) {
	b := envoy.NewBootstrap("127.0.0.1", 1)
	b.RunDir, b.Roots, b.AdminPort, b.MetricsPort, b.ReadyPort = dir, roots, 0, 0, 0
	files, err := envoy.BuildBootstrap(b)
	if err != nil {
		t.Fatal(err)
	}
	files[envoy.TokenFile] = "token"
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.Mkdir(filepath.Join(dir, version), 0o700))
	for name, text := range files {
		check(os.WriteFile(filepath.Join(dir, version, name), []byte(text), 0o600))
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			check(os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
		}
	}
	check(os.Symlink(version, filepath.Join(dir, "..data_tmp")))
	check(os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
}

func until(t *testing.T, ok func() error) {
	t.Helper()
	for deadline := time.Now().Add(guard); ; {
		err := ok()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // between two looks
	}
}

// secrets are those that Envoy has. The file tells its admin's address.
func secrets(file string) (string, error) {
	address, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	r, err := http.Get("http://" + string(address) + "/config_dump?resource=dynamic_active_secrets")
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	return string(page), err
}

func inotifyInstances(t *testing.T, pid int) (n int) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && to == "anon_inode:inotify" {
			n++
		}
	}
	return n
}
