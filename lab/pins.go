package main

import (
	"context"
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
	"time"
)

// pin is a module under pins/ whose go.mod says at which versions its programs are built.
type pin struct {
	// Name is the folder under pins/.
	Name string
	// Programs are built in one call, so that what they have in common is compiled once.
	Programs []program
	// Linker returns further linker flags, given the version of the first program.
	Linker func(version string) string
}

// program is one executable of a pin.
type program struct {
	// File is built below the bin folder, from Package, which is in the pin's own folder if it starts with "./".
	File, Package string
	// Module carries the version that people know the program by.
	Module string
	// Links are further names of File, for a program that goes by the name that it is called by.
	Links []string
}

// pins are what every cluster runs. Kubernetes, etcd, CoreDNS and fortio are in one module: the libraries that they share
// have the same version there, and are compiled once.
var pins = []pin{
	{Name: "cni", Programs: []program{
		cniPlugin("main/bridge"), cniPlugin("main/loopback"), cniPlugin("ipam/host-local"), cniPlugin("meta/portmap"),
	}},
	{Name: "cluster", Linker: kubernetesVersionFlags, Programs: []program{
		{File: "kubernetes", Package: "./kubernetes", Module: "k8s.io/kubernetes", Links: []string{
			"kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubectl", "kubelet",
		}},
		{File: "etcd", Package: "go.etcd.io/etcd/server/v3", Module: "go.etcd.io/etcd/server/v3"},
		{File: "coredns", Package: "./coredns", Module: "github.com/coredns/coredns"},
		{File: "fortio", Package: "fortio.org/fortio", Module: "fortio.org/fortio"},
	}},
}

func cniPlugin(name string) program {
	const module = "github.com/containernetworking/plugins"
	return program{File: "cni/" + filepath.Base(name), Package: module + "/plugins/" + name, Module: module}
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

// moduleVersion reads the version of a module from the text of a go.mod.
func moduleVersion(gomod, module string) (string, error) {
	pattern := regexp.MustCompile(`(?m)^(?:require)?\s*` + regexp.QuoteMeta(module) + `\s+(v\S+)`)
	match := pattern.FindStringSubmatch(gomod)
	if match == nil {
		return "", fmt.Errorf("no version of %s in its go.mod", module)
	}
	return match[1], nil
}

// version is the version of one of the pin's programs.
func (p pin) version(l layout, file string) (string, error) {
	gomod, err := os.ReadFile(filepath.Join(l.pin(p.Name), "go.mod"))
	if err != nil {
		return "", fmt.Errorf("read the pin of %s: %w", p.Name, err)
	}
	for _, program := range p.Programs {
		if program.File == file {
			return moduleVersion(string(gomod), program.Module)
		}
	}
	return "", fmt.Errorf("pins/%s has no program %s", p.Name, file)
}

// pinVersion is the version of a program that every cluster has.
func pinVersion(l layout, file string) (string, error) {
	for _, p := range pins {
		for _, program := range p.Programs {
			if program.File == file {
				return p.version(l, file)
			}
		}
	}
	return "", fmt.Errorf("no pin has the program %s", file)
}

// pinBuild is what a pin's build depends on.
type pinBuild struct {
	pin
	version, flags string
	stamp          stamp
}

// plan tells how the pin is built, and whether it was already: from the same pin by the same Go.
func (p pin) plan(l layout) (pinBuild, error) {
	version, err := p.version(l, p.Programs[0].File)
	if err != nil {
		return pinBuild{}, err
	}
	flags := linkerFlags
	if p.Linker != nil {
		flags += " " + p.Linker(version)
	}
	goVersion, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return pinBuild{}, fmt.Errorf("ask go for its version (is it on PATH?): %w", err)
	}
	key, err := digestFiles(l.pin(p.Name), flags, strings.Join(compilerFlags, " "), string(goVersion), runtime.GOARCH)
	if err != nil {
		return pinBuild{}, err
	}
	var outputs []string
	for _, program := range p.Programs {
		for _, file := range append([]string{program.File}, program.Links...) {
			outputs = append(outputs, filepath.Join(l.bin(), file))
		}
	}
	return pinBuild{pin: p, version: version, flags: flags, stamp: newStamp(l, p.Name, key, outputs)}, nil
}

// build makes the pin's programs, unless they are there.
func (p pin) build(l layout, progress *progress) error {
	b, err := p.plan(l)
	if err != nil {
		return err
	}
	return progress.step(p.Name, p.Name+" "+b.version, b.stamp, func(t *task) error { return b.compile(l, t) })
}

// compilation is how the pin is compiled.
func (p pin) compilation(l layout) (compilation, error) {
	b, err := p.plan(l)
	return compilation{name: p.Name, dir: l.pin(p.Name), packages: p.packages(), done: b.stamp.fresh()}, err
}

// packages are what go build is given.
func (p pin) packages() []string {
	var all []string
	for _, program := range p.Programs {
		all = append(all, program.Package)
	}
	return all
}

// compile builds all programs in one call, and then moves each to its place.
func (p pinBuild) compile(l layout, t *task) error {
	if err := os.MkdirAll(l.bin(), 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(l.bin(), ".build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := t.goBuild(l.pin(p.Name), p.packages(), "-ldflags="+p.flags, "-o", scratch+"/"); err != nil {
		return fmt.Errorf("build %s: %w", p.Name, err)
	}
	for _, program := range p.Programs {
		if err := program.install(scratch, l.bin()); err != nil {
			return err
		}
	}
	return nil
}

// install moves what was built to its place, under all of its names.
func (p program) install(scratch, bin string) error {
	if err := moveFile(filepath.Join(scratch, commandName(p.Package)), filepath.Join(bin, p.File)); err != nil {
		return err
	}
	for _, name := range p.Links {
		link := filepath.Join(scratch, name+".link")
		if err := os.Symlink(p.File, link); err != nil {
			return err
		}
		if err := moveFile(link, filepath.Join(bin, name)); err != nil {
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

// linkerFlags and compilerFlags leave out what only a debugger reads. The compiler has a tenth less to do for it.
const linkerFlags = "-s -w"

// All builds have the same flags, as those in the Makefile have: what was compiled with others is compiled again.
var compilerFlags = []string{"-trimpath", "-mod=readonly", "-gcflags=all=-dwarf=false"}

// goCommand runs go without cgo, so that what it builds runs in an image that holds nothing else.
func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	// The compilers that a killed go leaves behind end soon, but hold its output until then.
	cmd.WaitDelay = time.Second
	return cmd
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

// digestFiles is the digest of all files below a folder and of further words.
func digestFiles(dir string, words ...string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(content))
		sum.Write(content)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read the pin folder: %w", err)
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
