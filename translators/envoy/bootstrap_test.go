package envoy

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// envoyBinary finds the real Envoy: WEFT_ENVOY, the PATH, or bin/ of the
// repository.
func envoyBinary(t *testing.T) string {
	t.Helper()
	for _, try := range []string{os.Getenv("WEFT_ENVOY"), "envoy", "../../bin/envoy"} {
		if path, err := exec.LookPath(try); try != "" && err == nil {
			abs, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			return abs
		}
	}
	if os.Getenv("WEFT_NO_ENVOY") != "" {
		t.Skip("WEFT_NO_ENVOY is set: Envoy itself was not asked")
	}
	t.Fatal("no envoy: run `make lab`, or name one in WEFT_ENVOY; WEFT_NO_ENVOY=1 leaves these tests out")
	return ""
}

func TestBootstrapIsAccepted(t *testing.T) {
	binary := envoyBinary(t)
	dir := t.TempDir()
	b := NewBootstrap("weft-controller.weft-system.svc", 15012)
	b.RunDir, b.IPv6 = dir, true
	files, err := BuildBootstrap(b)
	if err != nil {
		t.Fatal(err)
	}
	files[TokenFile] = "token"
	files[RootsFile] = ""
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(binary, "--mode", "validate", "-c", filepath.Join(dir, BootstrapFile), "--service-node", "n", "--service-cluster", "c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
