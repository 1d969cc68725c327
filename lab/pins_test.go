package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestModuleVersion(t *testing.T) {
	const gomod = "module m\n\nrequire k8s.io/kubernetes v1.34.4\n\nrequire (\n\tk8s.io/kubernetes-sigs v9.9.9 // indirect\n\tgo.etcd.io/etcd/server/v3 v3.6.5\n)\n"
	for module, want := range map[string]string{
		"k8s.io/kubernetes": "v1.34.4", "go.etcd.io/etcd/server/v3": "v3.6.5", "k8s.io/kube": "", "example.com/none": "",
	} {
		got, err := moduleVersion(gomod, module)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("version of %s: %q, %v, want %q", module, got, err, want)
		}
	}
}

func TestCommandName(t *testing.T) {
	for pkg, want := range map[string]string{
		"go.etcd.io/etcd/server/v3": "server", "fortio.org/fortio": "fortio", "k8s.io/kubernetes/cmd/kubelet": "kubelet",
		"example.com/v2ray": "v2ray",
	} {
		if got := commandName(pkg); got != want {
			t.Errorf("command of %s: %q, want %q", pkg, got, want)
		}
	}
}

func TestKubernetesReportsItsVersion(t *testing.T) {
	flags := kubernetesVersionFlags("v1.34.4")
	for _, want := range []string{".gitVersion=v1.34.4", ".gitMajor=1", ".gitMinor=34"} {
		if !strings.Contains(flags, want) {
			t.Errorf("flags %q lack %s", flags, want)
		}
	}
}

// Every command that is built must be imported by its pin, or go.sum would not cover what it needs.
func TestPinsNameTheirCommands(t *testing.T) {
	l := testLayout(t)
	for _, p := range pins {
		if _, err := p.version(l); err != nil {
			t.Error(err)
		}
		source, err := os.ReadFile(filepath.Join(l.pin(p.Name), "pins.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, pkg := range p.Commands {
			if !strings.Contains(string(source), `"`+pkg+`"`) {
				t.Errorf("pins/%s/pins.go does not import %s", p.Name, pkg)
			}
		}
	}
	if _, err := envoyVersion(l); err != nil {
		t.Error(err)
	}
}

func testLayout(t *testing.T) layout {
	t.Helper()
	repo, err := findRepo()
	if err != nil {
		t.Fatal(err)
	}
	return layout{Home: t.TempDir(), Repo: repo}
}

func TestDigestFilesSeesEveryChange(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	digest := func(words ...string) string {
		d, err := digestFiles(dir, words...)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	seen := map[string]string{}
	check := func(what, d string) {
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have the same digest", what, other)
		}
		seen[d] = what
	}
	write("a", "bc")
	check("one file", digest())
	check("a word", digest("x"))
	check("two words", digest("x", "y"))
	check("words joined", digest("xy"))
	write("b", "")
	check("an empty file more", digest())
	write("a", "b")
	check("another content", digest())
}
