package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Names of the images that only the lab's own manifests use.
const (
	pauseImage       = "docker.io/weftmesh/lab-pause:1"
	weftImage        = "docker.io/weftmesh/weft:dev"
	conformanceImage = "docker.io/weftmesh/smi-conformance:dev"
)

// build makes everything that a cluster needs, and the parts that are asked for. What is built from pins is built once for
// all checkouts.
func build(l layout, with []string, out io.Writer) error {
	if runtime.GOOS != "linux" {
		return errors.New("the lab runs on Linux only")
	}
	asked, err := chooseParts(with)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.Home, 0o755); err != nil {
		return fmt.Errorf("make the lab's folder: %w", err)
	}
	unlock, err := lockFile(filepath.Join(l.Home, "build.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	removeScratch(l)
	if err := mayInstall(packagesOf(asked)); err != nil {
		return err
	}
	ahead, err := compilationsAhead(l, asked)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p := newProgress(ctx, out, expectedTimes(ahead))
	defer p.close()
	// What waits for the network does so while the compiler runs. A build whose modules could not be fetched says so itself.
	var downloads sync.WaitGroup
	downloads.Go(func() { fetchModules(ctx, ahead) })
	downloads.Go(func() {
		err := installPackages(out, packagesOf(asked))
		if err == nil {
			err = buildEnvoy(l, p)
		}
		if err != nil {
			cancel(err)
		}
	})
	problem := weft.build(l, p)
	err = buildPins(l, p)
	downloads.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err == nil {
		err = buildRest(l, p, asked)
	}
	return errors.Join(problem, err)
}

// removeScratch removes what a build that was killed has left. The caller holds the lock.
func removeScratch(l layout) {
	for _, pattern := range []string{".build-*", ".wheel-*"} {
		left, _ := filepath.Glob(filepath.Join(l.bin(), pattern))
		for _, dir := range left {
			_ = os.RemoveAll(dir)
		}
	}
}

// exportImage builds the image of weft alone, and puts it into a file.
func exportImage(l layout, file string, out io.Writer) error {
	if err := os.MkdirAll(l.Home, 0o755); err != nil {
		return fmt.Errorf("make the lab's folder: %w", err)
	}
	unlock, err := lockFile(filepath.Join(l.Home, "build.lock"))
	if err != nil {
		return err
	}
	defer unlock()
	p := newProgress(context.Background(), out, nil)
	defer p.close()
	if err := weft.build(l, p); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := copyFile(l.weftImage(), file); err != nil {
		return fmt.Errorf("write the image of weft: %w", err)
	}
	fmt.Fprintf(out, "lab: wrote %s to %s\n", weftImage, file)
	return nil
}

// buildPins compiles what every cluster runs.
func buildPins(l layout, p *progress) error {
	for _, pin := range pins {
		if err := pin.build(l, p); err != nil {
			return err
		}
	}
	return buildHelper(l, p, "pause")
}

// buildRest builds the parts, and unpacks all images.
func buildRest(l layout, p *progress, asked []part) error {
	tars, err := buildImages(l, p)
	if err != nil {
		return err
	}
	stored, problem := buildParts(l, p, asked)
	// A checkout that does not compile keeps its last image, and a lab without any is still good for the rest.
	if isFile(l.weftImage()) {
		tars = append(tars, l.weftImage())
	}
	return errors.Join(problem, buildStore(l, p, tars, stored))
}

// buildHelper builds one of the lab's own small commands, which has a folder of its name.
func buildHelper(l layout, p *progress, name string) error {
	source := filepath.Join(l.Repo, "lab", name)
	key, err := digestFiles(source, runtime.Version(), runtime.GOARCH)
	if err != nil {
		return err
	}
	target := filepath.Join(l.bin(), name)
	return p.step(name, name, newStamp(l, name, key, []string{target}), func(t *task) error {
		return t.goBuild(filepath.Join(l.Repo, "lab"), []string{"./" + name}, "-ldflags="+linkerFlags, "-o", target)
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
	return map[string]image{
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
	}, nil
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
		if err := buildImage(l, p, all[name], l.image(name), "image-"+name); err != nil {
			return nil, err
		}
		tars = append(tars, l.image(name))
	}
	return tars, nil
}

// stamp remembers of which files the image's tar was made.
func (i image) stamp(l layout, tar, name string) (stamp, error) {
	key, err := i.digest()
	return newStamp(l, name, key, []string{tar}), err
}

func buildImage(l layout, p *progress, i image, tar, stampName string) error {
	s, err := i.stamp(l, tar, stampName)
	if err != nil {
		return err
	}
	return p.step(stampName, "image "+i.Name, s, func(*task) error { return i.write(tar) })
}
