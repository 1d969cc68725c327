package envoy

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/weft-mesh/weft/translators/envoy/envoytest"
)

func TestBootstrapIsAccepted(t *testing.T) {
	binary := envoytest.Binary(t)
	dir := t.TempDir()
	b := NewBootstrap("weft-controller.weft-system.svc", 15012)
	b.RunDir, b.IPv6 = dir, true
	files, err := BuildBootstrap(b)
	if err != nil {
		t.Fatal(err)
	}
	files[TokenFile] = "token"
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
