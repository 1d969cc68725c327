package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// pin is a module under pins/ whose go.mod says at which version its commands are built.
type pin struct {
	// Name is the folder under pins/.
	Name string
	// Module carries the version that people know the commands by.
	Module string
	// Commands maps the file that is built, below the bin folder, to the package it comes from.
	Commands map[string]string
	// Linker returns further linker flags, given the version.
	Linker func(version string) string
}

// pins are built in this order: what is short comes first, so that a missing tool shows early.
var pins = []pin{
	{Name: "cni", Module: "github.com/containernetworking/plugins", Commands: map[string]string{
		"cni/bridge":     "github.com/containernetworking/plugins/plugins/main/bridge",
		"cni/loopback":   "github.com/containernetworking/plugins/plugins/main/loopback",
		"cni/host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
		"cni/portmap":    "github.com/containernetworking/plugins/plugins/meta/portmap",
	}},
	{Name: "fortio", Module: "fortio.org/fortio", Commands: map[string]string{"fortio": "fortio.org/fortio"}},
	{Name: "etcd", Module: "go.etcd.io/etcd/server/v3", Commands: map[string]string{"etcd": "go.etcd.io/etcd/server/v3"}},
	{Name: "coredns", Module: "github.com/coredns/coredns", Commands: map[string]string{"coredns": "github.com/coredns/coredns"}},
	{Name: "flagger", Module: "github.com/fluxcd/flagger", Commands: map[string]string{"flagger": "github.com/fluxcd/flagger/cmd/flagger"}},
	{Name: "argo-rollouts", Module: "github.com/argoproj/argo-rollouts", Linker: rolloutsVersionFlag, Commands: map[string]string{
		"rollouts-controller":   "github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
		"kubectl-argo-rollouts": "github.com/argoproj/argo-rollouts/cmd/kubectl-argo-rollouts",
	}},
	{Name: "kubernetes", Module: "k8s.io/kubernetes", Linker: kubernetesVersionFlags, Commands: map[string]string{
		"kube-apiserver":          "k8s.io/kubernetes/cmd/kube-apiserver",
		"kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
		"kube-proxy":              "k8s.io/kubernetes/cmd/kube-proxy",
		"kube-scheduler":          "k8s.io/kubernetes/cmd/kube-scheduler",
		"kubectl":                 "k8s.io/kubernetes/cmd/kubectl",
		"kubelet":                 "k8s.io/kubernetes/cmd/kubelet",
	}},
}

// kubernetesVersionFlags set what the components report, and what clients compare features with.
func kubernetesVersionFlags(version string) string {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) != 3 {
		return ""
	}
	const pkg = "k8s.io/component-base/version"
	return fmt.Sprintf("-X %s.gitVersion=%s -X %s.gitMajor=%s -X %s.gitMinor=%s",
		pkg, version, pkg, parts[0], pkg, parts[1])
}

// rolloutsVersionFlag sets what Argo Rollouts' commands report.
func rolloutsVersionFlag(version string) string {
	return "-X github.com/argoproj/argo-rollouts/utils/version.version=" + version
}

// moduleVersion reads the version of a module from the text of a go.mod.
func moduleVersion(gomod, module string) (string, error) {
	pattern := regexp.MustCompile(`(?m)^(?:require)?\s*` + regexp.QuoteMeta(module) + `\s+(v\S+)`)
	match := pattern.FindStringSubmatch(gomod)
	if match == nil {
		return "", fmt.Errorf("no version of %s in its go.mod", module)
	}
	return match[1], nil
}

func (p pin) version(l layout) (string, error) {
	gomod, err := os.ReadFile(filepath.Join(l.pin(p.Name), "go.mod"))
	if err != nil {
		return "", fmt.Errorf("read the pin of %s: %w", p.Name, err)
	}
	return moduleVersion(string(gomod), p.Module)
}

// pinVersion is the version at which the named pin is built.
func pinVersion(l layout, name string) (string, error) {
	for _, p := range pins {
		if p.Name == name {
			return p.version(l)
		}
	}
	return "", fmt.Errorf("no pin is named %s", name)
}

// build makes the pin's commands, unless they were made from the same pin by the same Go.
func (p pin) build(l layout, progress *progress) error {
	version, err := p.version(l)
	if err != nil {
		return err
	}
	flags := "-s -w"
	if p.Linker != nil {
		flags += " " + p.Linker(version)
	}
	goVersion, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return fmt.Errorf("ask go for its version (is it on PATH?): %w", err)
	}
	key, err := digestFiles(l.pin(p.Name), flags, string(goVersion), runtime.GOARCH)
	if err != nil {
		return err
	}
	var outputs []string
	for file := range p.Commands {
		outputs = append(outputs, filepath.Join(l.bin(), file))
	}
	return progress.step(p.Name+" "+version, newStamp(l, p.Name, key, outputs), func() error {
		return p.compile(l, flags)
	})
}

// compile builds all commands in one call, which shares their packages, and then moves each to its place.
func (p pin) compile(l layout, flags string) error {
	if err := os.MkdirAll(l.bin(), 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(l.bin(), ".build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	args := []string{"build", "-mod=readonly", "-ldflags=" + flags, "-o", scratch + "/"}
	for _, pkg := range p.Commands {
		args = append(args, pkg)
	}
	if err := goCommand(l.pin(p.Name), args...); err != nil {
		return fmt.Errorf("build %s: %w", p.Name, err)
	}
	for file, pkg := range p.Commands {
		built := filepath.Join(scratch, commandName(pkg))
		if err := moveFile(built, filepath.Join(l.bin(), file)); err != nil {
			return err
		}
	}
	return nil
}

// commandName is what go build calls the command of a package.
func commandName(pkg string) string {
	name := filepath.Base(pkg)
	if regexp.MustCompile(`^v[0-9]+$`).MatchString(name) {
		name = filepath.Base(filepath.Dir(pkg))
	}
	return name
}

// goCommand runs go without cgo, so that what it builds runs in an image that holds nothing else.
func goCommand(dir string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	return runQuietly(cmd)
}

// runQuietly shows the output of a command only if it fails.
func runQuietly(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, lastLines(string(out), 40))
	}
	return nil
}

func moveFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// digestFiles is the digest of all files in a folder and of further words.
func digestFiles(dir string, words ...string) (string, error) {
	sum := sha256.New()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("read the pin folder: %w", err)
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n", entry.Name(), len(content))
		sum.Write(content)
	}
	fmt.Fprintf(sum, "%q", words)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// digestFile is the digest of one file's content.
func digestFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// lastLines returns the end of a text.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
