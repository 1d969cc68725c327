package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// homeVariable names the folder of all that the lab builds; the default is weft-lab in the user's cache folder.
const homeVariable = "WEFT_LAB_HOME"

// repoVariable names the checkout of weft; the default is the one above the executable or the working directory.
const repoVariable = "WEFT_REPO"

// Folders of running clusters. They are the same for every cluster: what lies in them is a tmpfs in the
// cluster's own mount namespace, except registryDir.
const (
	registryDir   = "/run/weft-lab"
	nodeDir       = "/run/weft-lab/node"
	containerdDir = "/var/lib/containerd"
	kubeletDir    = "/var/lib/kubelet"
	containerdRun = "/run/containerd"
)

// layout says where the lab reads and writes.
type layout struct {
	// Home holds what depends on the pins alone, and so serves every checkout.
	Home string
	// Repo is the checkout of weft that this lab was built from.
	Repo string
}

func findLayout() (layout, error) {
	repo, err := findRepo()
	if err != nil {
		return layout{}, err
	}
	home := os.Getenv(homeVariable)
	if home == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return layout{}, fmt.Errorf("find the cache folder (set %s): %w", homeVariable, err)
		}
		home = filepath.Join(cache, "weft-lab")
	}
	if home, err = filepath.Abs(home); err != nil {
		return layout{}, fmt.Errorf("resolve %s: %w", home, err)
	}
	return layout{Home: home, Repo: repo}, nil
}

// findRepo goes up from the executable, then from the working directory, unless the checkout is named.
func findRepo() (string, error) {
	if named := os.Getenv(repoVariable); named != "" {
		if dir, err := filepath.Abs(named); err == nil && isRepo(dir) {
			return dir, nil
		}
		return "", fmt.Errorf("%s names %q, which is no checkout of weft", repoVariable, named)
	}
	if exe, err := os.Executable(); err == nil {
		if repo, ok := repoAbove(filepath.Dir(exe)); ok {
			return repo, nil
		}
	}
	if cwd, err := os.Getwd(); err == nil {
		if repo, ok := repoAbove(cwd); ok {
			return repo, nil
		}
	}
	return "", fmt.Errorf("no checkout of weft is above the lab's executable or the working directory (or name it: %s)", repoVariable)
}

func repoAbove(dir string) (string, bool) {
	for ; ; dir = filepath.Dir(dir) {
		if isRepo(dir) {
			return dir, true
		}
		if dir == filepath.Dir(dir) {
			return "", false
		}
	}
}

func isRepo(dir string) bool {
	return isFile(filepath.Join(dir, "lab", "pins", "cluster", "go.mod"))
}

func (l layout) pin(name string) string { return filepath.Join(l.Repo, "lab", "pins", name) }
func (l layout) bin() string            { return filepath.Join(l.Home, "bin") }
func (l layout) images() string         { return filepath.Join(l.Home, "images") }

// image is the tar of an image that depends on the pins alone.
func (l layout) image(name string) string { return filepath.Join(l.images(), name+".tar") }
func (l layout) stamps() string           { return filepath.Join(l.Home, "stamps") }

func (l layout) checkouts() string { return filepath.Join(l.Home, "checkouts") }

// checkout is the folder of what depends on the checkout's own source.
func (l layout) checkout() string {
	sum := sha256.Sum256([]byte(l.Repo))
	return filepath.Join(l.checkouts(), filepath.Base(l.Repo)+"-"+hex.EncodeToString(sum[:4]))
}

func (l layout) weft() string      { return filepath.Join(l.checkout(), "bin", "weft") }
func (l layout) weftImage() string { return filepath.Join(l.checkout(), "weft.tar") }

func (l layout) conformance() string { return filepath.Join(l.checkout(), "bin", "smi-conformance") }
func (l layout) conformanceImage() string {
	return filepath.Join(l.checkout(), "smi-conformance.tar")
}

// stores holds containerd's prepared folders, each under the digest of the images in it.
func (l layout) stores() string { return filepath.Join(l.Home, "stores") }

// storeLink names the prepared folder that this checkout's clusters start from.
func (l layout) storeLink() string { return filepath.Join(l.checkout(), "store") }

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
