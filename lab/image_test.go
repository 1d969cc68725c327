package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func testImage(t *testing.T) image {
	t.Helper()
	source := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(source, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	return image{
		Name: "docker.io/example/program:1", Entrypoint: []string{"/usr/bin/program"}, Cmd: []string{"serve"},
		User: "65532", Files: map[string]string{"/usr/bin/program": source},
	}
}

func readTar(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for archive := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[header.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
}

func writeImage(t *testing.T, i image) []byte {
	t.Helper()
	target := filepath.Join(t.TempDir(), "image.tar")
	if err := i.write(target); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestImageHoldsItsFilesAndSaysHowToRunThem(t *testing.T) {
	i := testImage(t)
	archive := readTar(t, writeImage(t, i))
	var manifest []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(archive["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest) != 1 || len(manifest[0].RepoTags) != 1 || manifest[0].RepoTags[0] != i.Name {
		t.Fatalf("manifest is %+v", manifest)
	}
	var config struct {
		Config struct {
			Entrypoint, Cmd []string
			User            string
		} `json:"config"`
		Rootfs struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := json.Unmarshal(archive[manifest[0].Config], &config); err != nil {
		t.Fatal(err)
	}
	if config.Config.Entrypoint[0] != "/usr/bin/program" || config.Config.Cmd[0] != "serve" || config.Config.User != "65532" {
		t.Errorf("config is %+v", config.Config)
	}
	layer := archive[manifest[0].Layers[0]]
	sum := sha256.Sum256(layer)
	if want := "sha256:" + hex.EncodeToString(sum[:]); config.Rootfs.DiffIDs[0] != want {
		t.Errorf("the layer's digest is %s, want %s", config.Rootfs.DiffIDs[0], want)
	}
	files := readTar(t, layer)
	if got := string(files["usr/bin/program"]); got != "content" {
		t.Errorf("the program is %q", got)
	}
	for _, dir := range []string{"usr/", "usr/bin/", "tmp/", "etc/"} {
		if _, ok := files[dir]; !ok {
			t.Errorf("the folder %s is missing", dir)
		}
	}
}

func TestImageBytesDependOnContentAlone(t *testing.T) {
	i := testImage(t)
	first, firstDigest := writeImage(t, i), imageDigest(t, i)
	source := i.Files["/usr/bin/program"]
	past := time.Unix(1, 0)
	if err := os.Chtimes(source, past, past); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, writeImage(t, i)) || firstDigest != imageDigest(t, i) {
		t.Error("another time of the file makes another image")
	}
	if err := os.WriteFile(source, []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, writeImage(t, i)) || firstDigest == imageDigest(t, i) {
		t.Error("another content makes the same image")
	}
}

func imageDigest(t *testing.T, i image) string {
	t.Helper()
	digest, err := i.digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func TestImageNamesTheFileThatIsMissing(t *testing.T) {
	i := testImage(t)
	i.Files["/missing"] = "/nonexistent/file"
	if err := i.write(filepath.Join(t.TempDir(), "image.tar")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("write: %v, want that a file does not exist", err)
	}
}
