package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"sort"
	"strings"
)

// image is what a container image of one layer is made of.
type image struct {
	// Name is the reference that manifests use.
	Name       string
	Entrypoint []string
	Cmd        []string
	// User is the uid that the image asks for; empty means root.
	User string
	// Files maps the absolute path in the image to the file it is copied from.
	Files map[string]string
}

// passwd names the users that upstream's distroless images know.
const passwd = `root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
`

// write makes a tar that containerd imports. The same inputs give the same bytes.
func (i image) write(target string) error {
	scratch, err := os.CreateTemp(path.Dir(target), ".image-")
	if err != nil {
		return err
	}
	defer os.Remove(scratch.Name())
	defer scratch.Close()
	sum := sha256.New()
	if err := i.writeLayer(io.MultiWriter(scratch, sum)); err != nil {
		return fmt.Errorf("write the layer of %s: %w", i.Name, err)
	}
	config, err := i.config("sha256:" + hex.EncodeToString(sum.Sum(nil)))
	if err != nil {
		return err
	}
	return i.writeArchive(target, scratch, config)
}

func (i image) writeLayer(out io.Writer) error {
	layer := tar.NewWriter(out)
	for _, dir := range i.folders() {
		mode := int64(0o755)
		if dir == "tmp" {
			mode = 0o1777
		}
		if err := layer.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: mode}); err != nil {
			return err
		}
	}
	if err := addBytes(layer, "etc/passwd", []byte(passwd)); err != nil {
		return err
	}
	for _, target := range sortedKeys(i.Files) {
		if err := addFile(layer, strings.TrimPrefix(target, "/"), i.Files[target]); err != nil {
			return err
		}
	}
	return layer.Close()
}

// folders lists every folder of the image, parents first.
func (i image) folders() []string {
	seen := map[string]string{"tmp": "", "etc": ""}
	for target := range i.Files {
		for dir := path.Dir(strings.TrimPrefix(target, "/")); dir != "."; dir = path.Dir(dir) {
			seen[dir] = ""
		}
	}
	return sortedKeys(seen)
}

func (i image) config(diffID string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config": map[string]any{
			"Entrypoint": i.Entrypoint,
			"Cmd":        i.Cmd,
			"User":       i.User,
			"WorkingDir": "/",
			"Env":        []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{diffID}},
	})
}

func (i image) writeArchive(target string, layer *os.File, config []byte) error {
	configName := fmt.Sprintf("%x.json", sha256.Sum256(config))
	manifest, err := json.Marshal([]map[string]any{
		{"Config": configName, "RepoTags": []string{i.Name}, "Layers": []string{"layer.tar"}},
	})
	if err != nil {
		return err
	}
	partial := target + ".partial"
	out, err := os.Create(partial)
	if err != nil {
		return err
	}
	defer out.Close()
	archive := tar.NewWriter(out)
	if err := addBytes(archive, configName, config); err != nil {
		return err
	}
	if err := addFile(archive, "layer.tar", layer.Name()); err != nil {
		return err
	}
	if err := addBytes(archive, "manifest.json", manifest); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("write %s: %w", target, err)
	}
	return os.Rename(partial, target)
}

func addBytes(archive *tar.Writer, name string, content []byte) error {
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content))}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(archive, bytes.NewReader(content))
	return err
}

// addFile copies a file as an executable, without its times and owner.
func addFile(archive *tar.Writer, name, source string) error {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o755, Size: info.Size()}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}

// digest identifies what write would make, without making it.
func (i image) digest() (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q %q %s", i.Name, i.Entrypoint, i.Cmd, i.User, passwd)
	for _, target := range sortedKeys(i.Files) {
		content, err := digestFile(i.Files[target])
		if err != nil {
			return "", fmt.Errorf("digest a file of %s: %w", i.Name, err)
		}
		fmt.Fprintf(sum, "%s %s\n", target, content)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
