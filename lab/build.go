package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Names of the images that only the lab's own manifests use.
const (
	pauseImage       = "docker.io/weftmesh/lab-pause:1"
	weftImage        = "docker.io/weftmesh/weft:dev"
	conformanceImage = "docker.io/weftmesh/smi-conformance:dev"
)

// build makes everything that a cluster needs. What is built from pins is built once for all checkouts.
func build(l layout, out io.Writer) error {
	if runtime.GOOS != "linux" {
		return errors.New("the lab runs on Linux only")
	}
	if err := os.MkdirAll(l.Home, 0o755); err != nil {
		return fmt.Errorf("make the lab's folder: %w", err)
	}
	unlock, err := lockFile(filepath.Join(l.Home, "build.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if err := installPackages(out); err != nil {
		return err
	}
	p := &progress{out: out}
	for _, pin := range pins {
		if err := pin.build(l, p); err != nil {
			return err
		}
	}
	if err := buildEnvoy(l, p); err != nil {
		return err
	}
	for _, name := range helpers {
		if err := buildHelper(l, p, name); err != nil {
			return err
		}
	}
	tars, err := buildImages(l, p)
	if err != nil {
		return err
	}
	problems := []error{buildWeft(l, p), buildConformance(l, p)}
	// A checkout that does not compile keeps its last images, and a lab without any is still good for the rest.
	for _, tar := range []string{l.weftImage(), l.conformanceImage()} {
		if isFile(tar) {
			tars = append(tars, tar)
		}
	}
	return errors.Join(append(problems, buildStore(l, p, tars))...)
}

// helpers are the lab's own small commands, each with a folder of its name.
var helpers = []string{"pause", "wget"}

func buildHelper(l layout, p *progress, name string) error {
	source := filepath.Join(l.Repo, "lab", name)
	key, err := digestFiles(source, runtime.Version(), runtime.GOARCH)
	if err != nil {
		return err
	}
	target := filepath.Join(l.bin(), name)
	return p.step(name, newStamp(l, name, key, []string{target}), func() error {
		return goCommand(filepath.Join(l.Repo, "lab"), "build", "-ldflags=-s -w", "-o", target, "./"+name)
	})
}

// images lists the images that depend on pins alone, by the name of their tar.
func images(l layout) (map[string]image, error) {
	fortio, err := pinVersion(l, "fortio")
	if err != nil {
		return nil, err
	}
	coredns, err := corednsImage(l)
	if err != nil {
		return nil, err
	}
	envoy, err := envoyVersion(l)
	if err != nil {
		return nil, err
	}
	envoyFiles, err := sharedFiles(filepath.Join(l.bin(), "envoy"))
	if err != nil {
		return nil, err
	}
	envoyFiles["/usr/local/bin/envoy"] = filepath.Join(l.bin(), "envoy")
	all := map[string]image{
		"pause": {
			Name: pauseImage, Entrypoint: []string{"/pause"}, User: "65535",
			Files: map[string]string{"/pause": filepath.Join(l.bin(), "pause")},
		},
		"coredns": {
			Name: coredns, Entrypoint: []string{"/coredns"},
			Files: map[string]string{"/coredns": filepath.Join(l.bin(), "coredns")},
		},
		"fortio": {
			Name:       "docker.io/fortio/fortio:" + strings.TrimPrefix(fortio, "v"),
			Entrypoint: []string{"/usr/bin/fortio"}, Cmd: []string{"server"},
			Files: map[string]string{"/usr/bin/fortio": filepath.Join(l.bin(), "fortio")},
		},
		"envoy": {
			Name:       "docker.io/envoyproxy/envoy:distroless-v" + envoy,
			Entrypoint: []string{"/usr/local/bin/envoy"}, Cmd: []string{"-c", "/etc/envoy/envoy.yaml"},
			User: "65532", Files: envoyFiles,
		},
	}
	for _, product := range products {
		if all[product.Pin], err = product.image(l); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func corednsImage(l layout) (string, error) {
	version, err := pinVersion(l, "coredns")
	return "docker.io/coredns/coredns:" + strings.TrimPrefix(version, "v"), err
}

func buildImages(l layout, p *progress) ([]string, error) {
	all, err := images(l)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.images(), 0o755); err != nil {
		return nil, err
	}
	var tars []string
	for _, name := range sortedKeys(all) {
		target := filepath.Join(l.images(), name+".tar")
		if err := buildImage(l, p, all[name], target, "image-"+name); err != nil {
			return nil, err
		}
		tars = append(tars, target)
	}
	return tars, nil
}

func buildImage(l layout, p *progress, i image, target, stampName string) error {
	key, err := i.digest()
	if err != nil {
		return err
	}
	return p.step("image "+i.Name, newStamp(l, stampName, key, []string{target}), func() error {
		return i.write(target)
	})
}

// buildWeft builds the checkout's own binary and image.
func buildWeft(l layout, p *progress) error {
	err := buildOwn(l, p, l.Repo, "./cmd/weft", l.weft(), image{
		Name: weftImage, Entrypoint: []string{"/weft"}, User: "65532",
		Files: map[string]string{"/weft": l.weft()},
	}, l.weftImage(), "weft")
	if err != nil {
		return fmt.Errorf("build weft: %w", err)
	}
	return nil
}

// buildConformance builds the checkout's conformance suite and the image of its actors: that binary alone.
func buildConformance(l layout, p *progress) error {
	err := buildOwn(l, p, filepath.Join(l.Repo, "conformance"), "./cmd/smi-conformance", l.conformance(), image{
		Name: conformanceImage, Entrypoint: []string{"/smi-conformance"}, User: "65532",
		Files: map[string]string{"/smi-conformance": l.conformance()},
	}, l.conformanceImage(), "smi-conformance")
	if err != nil {
		return fmt.Errorf("build the conformance suite: %w", err)
	}
	return nil
}

// buildOwn builds a command of the checkout and its image. Go's cache decides whether there is anything to do.
func buildOwn(l layout, p *progress, module, command, binary string, i image, tar, stamp string) error {
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return err
	}
	partial := binary + ".partial"
	if err := goCommand(module, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", partial, command); err != nil {
		return err
	}
	if err := moveFile(partial, binary); err != nil {
		return err
	}
	return buildImage(l, p, i, tar, stamp+"-"+filepath.Base(l.checkout()))
}
