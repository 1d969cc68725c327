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
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Folders that containerd keeps below its root.
const (
	contentFolder   = "io.containerd.content.v1.content"
	snapshotsFolder = "io.containerd.snapshotter.v1.overlayfs/snapshots"
)

// buildStore prepares a folder of containerd with all images unpacked, from which clusters start: unpacking
// 250 MB in each would take longer than the rest of its start.
func buildStore(l layout, p *progress, tars []string, stored []part) error {
	names := &strings.Builder{}
	for _, part := range stored {
		fmt.Fprintln(names, part.Name)
		tars = append(tars, part.Image(l))
	}
	sum := sha256.New()
	fmt.Fprintf(sum, "parts %q\n", names.String())
	for _, tar := range tars {
		digest, err := digestFile(tar)
		if err != nil {
			return fmt.Errorf("digest the image: %w", err)
		}
		fmt.Fprintln(sum, digest)
	}
	if os.Geteuid() != 0 {
		fmt.Fprintln(p.out, "lab: the images are not unpacked, since this is not root: the first run as root needs `lab build` as root")
		return nil
	}
	name := hex.EncodeToString(sum.Sum(nil))[:16]
	target := filepath.Join(l.stores(), name)
	err := p.step("store", "image store", newStamp(l, "store-"+name, name, []string{target}), func(t *task) error {
		return makeStore(l, t, target, tars, names.String())
	})
	if err != nil {
		return err
	}
	link := l.storeLink() + ".partial"
	_ = os.Remove(link)
	if err := os.Symlink(target, link); err != nil {
		return fmt.Errorf("name the image store: %w", err)
	}
	if err := os.Rename(link, l.storeLink()); err != nil {
		return fmt.Errorf("name the image store: %w", err)
	}
	return pruneStores(l)
}

func makeStore(l layout, t *task, target string, tars []string, parts string) error {
	scratch := target + ".partial"
	if err := os.RemoveAll(scratch); err != nil {
		return err
	}
	if err := os.MkdirAll(scratch, 0o711); err != nil {
		return err
	}
	release, err := claimPrivateDirs()
	if err != nil {
		return err
	}
	defer release()
	cmd := exec.Command(selfExe, append([]string{"fill-store", scratch}, tars...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET,
		Pdeathsig:  unix.SIGKILL,
	}
	if err := t.run(cmd); err != nil {
		return fmt.Errorf("unpack the images: %w", err)
	}
	if err := os.WriteFile(filepath.Join(scratch, partsFile), []byte(parts), 0o644); err != nil {
		return fmt.Errorf("list the parts of the image store: %w", err)
	}
	return os.Rename(scratch, target)
}

// fillStore is process 1 of namespaces made for it, so that containerd's shims and mounts end with it.
func fillStore(root string, tars []string) error {
	if err := mountPrivate(); err != nil {
		return err
	}
	config := filepath.Join(nodeDir, "containerd.toml")
	if err := writeTemplate(config, "containerd.toml.tmpl", map[string]string{
		"Root": root, "Run": containerdRun, "Pause": pauseImage, "CNIBin": nodeDir, "CNIConfig": nodeDir,
	}); err != nil {
		return err
	}
	var log strings.Builder
	daemon := exec.Command("containerd", "--config", config)
	daemon.Stdout, daemon.Stderr = &log, &log
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("start containerd: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := waitFor(ctx, "containerd", func() (bool, error) { return ctr("version") == nil, nil }); err != nil {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
		return fmt.Errorf("%w\n%s", err, lastLines(log.String(), 20))
	}
	for _, tar := range tars {
		if err := ctr("-n", "k8s.io", "images", "import", tar); err != nil {
			return err
		}
	}
	if err := daemon.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop containerd: %w", err)
	}
	_ = daemon.Wait()
	unix.Sync()
	return nil
}

func ctr(args ...string) error {
	return runQuietly(exec.Command("ctr", append([]string{"-a", containerdRun + "/containerd.sock"}, args...)...))
}

// mountStore makes a fresh containerd root from a prepared one, which stays as it is: its databases are copied,
// its content is the lower layer of an overlay, and its snapshots are mounted read-only one by one. They can't be
// an overlay's layer too, since the kernel refuses an overlay's folder as the upper layer of a container.
func mountStore(store, root, scratch string) error {
	if err := copyTree(store, root, func(rel string) bool {
		return rel == contentFolder || filepath.Dir(rel) == snapshotsFolder
	}); err != nil {
		return fmt.Errorf("copy the image store: %w", err)
	}
	content := filepath.Join(root, contentFolder)
	upper, work := filepath.Join(scratch, "upper"), filepath.Join(scratch, "work")
	for _, dir := range []string{content, upper, work} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", filepath.Join(store, contentFolder), upper, work)
	if err := unix.Mount("overlay", content, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount the image content: %w", err)
	}
	snapshots, err := os.ReadDir(filepath.Join(store, snapshotsFolder))
	if err != nil {
		return fmt.Errorf("list the image snapshots: %w", err)
	}
	for _, snapshot := range snapshots {
		from := filepath.Join(store, snapshotsFolder, snapshot.Name())
		to := filepath.Join(root, snapshotsFolder, snapshot.Name())
		if err := bindReadOnly(from, to); err != nil {
			return err
		}
	}
	return nil
}

func bindReadOnly(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s: %w", to, err)
	}
	if err := unix.Mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("make %s read-only: %w", to, err)
	}
	return nil
}

// copyTree copies folders and regular files, except those that skip names by their relative path.
func copyTree(from, to string, skip func(rel string) bool) error {
	return filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if skip(rel) {
			return filepath.SkipDir
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o711)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		return copyFile(path, filepath.Join(to, rel))
	})
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}

// pruneStores removes stores that no checkout names and no cluster uses.
func pruneStores(l layout) error {
	unlock, err := lockRegistry()
	if err != nil {
		return err
	}
	defer unlock()
	named := map[string]bool{}
	links, _ := filepath.Glob(filepath.Join(l.checkouts(), "*", "store"))
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil {
			named[target] = true
		}
	}
	clusters, err := sweepLocked()
	if err != nil {
		return err
	}
	for _, c := range clusters {
		named[c.Store] = true
	}
	if len(clusters) == 0 {
		defer tidyLocked()
	}
	stores, _ := filepath.Glob(filepath.Join(l.stores(), "*"))
	for _, store := range stores {
		if named[store] {
			continue
		}
		_ = os.Remove(filepath.Join(l.stamps(), "store-"+filepath.Base(store)))
		if err := os.RemoveAll(store); err != nil {
			return fmt.Errorf("remove an old image store: %w", err)
		}
	}
	return nil
}
