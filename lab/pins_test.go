package main

import (
	"os"
	"path/filepath"
	"slices"
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

// Every program that is built must be in its pin's folder or imported there, or go.sum would not cover what it needs.
func TestPinsNameTheirPrograms(t *testing.T) {
	l := testLayout(t)
	for _, p := range append(slices.Clone(pins), flagger.Pin, argoRollouts.Pin) {
		imported, err := os.ReadFile(filepath.Join(l.pin(p.Name), "pins.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, program := range p.Programs {
			if _, err := p.version(l, program.File); err != nil {
				t.Error(err)
			}
			if own, ok := strings.CutPrefix(program.Package, "./"); ok {
				if !isFile(filepath.Join(l.pin(p.Name), own, "main.go")) {
					t.Errorf("pins/%s has no %s/main.go", p.Name, own)
				}
			} else if !strings.Contains(string(imported), `"`+program.Package+`"`) {
				t.Errorf("pins/%s/pins.go does not import %s", p.Name, program.Package)
			}
		}
	}
	if _, err := envoyVersion(l); err != nil {
		t.Error(err)
	}
}

// The Corefile may name only plugins that the lab's CoreDNS is built with.
func TestCoreDNSHasThePluginsOfTheCorefile(t *testing.T) {
	l := testLayout(t)
	source, err := os.ReadFile(filepath.Join(l.pin("cluster"), "coredns", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile("templates/dns.yaml.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, corefile, _ := strings.Cut(string(manifest), ".:53 {\n")
	corefile, _, _ = strings.Cut(corefile, "\n    }\n")
	var named []string
	for line := range strings.Lines(corefile) {
		// What is indented more is an option of the plugin above it.
		if rest, ok := strings.CutPrefix(line, "      "); ok && rest[0] != ' ' && rest[0] != '}' {
			named = append(named, strings.Fields(rest)[0])
		}
	}
	if len(named) < 3 {
		t.Fatalf("found only the plugins %q in the Corefile", named)
	}
	for _, plugin := range named {
		if !strings.Contains(string(source), `"github.com/coredns/coredns/plugin/`+plugin+`"`) {
			t.Errorf("the Corefile names %s, which pins/cluster/coredns does not import", plugin)
		}
	}
}

// Kubernetes is one executable that goes by its name: it must know each name that the lab gives it.
func TestKubernetesKnowsItsNames(t *testing.T) {
	l := testLayout(t)
	source, err := os.ReadFile(filepath.Join(l.pin("cluster"), "kubernetes", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pins {
		for _, program := range p.Programs {
			for _, name := range program.Links {
				if !strings.Contains(string(source), `"`+name+`"`) {
					t.Errorf("pins/cluster/kubernetes/main.go has no program %q", name)
				}
			}
		}
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
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	write("folder/a", "c")
	check("a file in a folder", digest())
	write("folder/a", "d")
	check("another content in a folder", digest())
}
