package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cluster is what a keeper writes down about its cluster. The keeper holds a lock on the file, so an entry whose
// lock is free belongs to a cluster that is gone.
type cluster struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started"`
	// Keeper and Init are process ids as the host sees them.
	Keeper int `json:"keeper"`
	Init   int `json:"init,omitempty"`
	// Server is the API server's address on the host, if it has one.
	Server string `json:"server,omitempty"`
	Store  string `json:"store"`
	Logs   string `json:"logs"`
	Mesh   bool   `json:"mesh"`
	Ready  bool   `json:"ready"`
}

var clusterName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

func clusterFile(name string) string { return filepath.Join(registryDir, "clusters", name+".json") }

// kubeconfigFile is where the host finds the credentials of a cluster that stays.
func kubeconfigFile(name string) string {
	return filepath.Join(registryDir, "clusters", name+".kubeconfig")
}

// keeperLog is where the keeper of a cluster that stays writes what it has to say.
func keeperLog(name string) string { return filepath.Join(registryDir, "clusters", name+".log") }

// readyFile says that a cluster has started.
func readyFile(name string) string { return filepath.Join(registryDir, "clusters", name+".ready") }

// entry is a cluster's file, open and locked by its keeper.
type entry struct {
	file *os.File
	cluster
}

// register makes the entry of a new cluster, after it has removed what clusters left that were killed. The image store
// is chosen under the same lock as old ones are removed under, so that none goes between choice and entry.
func register(c cluster, storeLink string) (*entry, error) {
	if !clusterName.MatchString(c.Name) {
		return nil, fmt.Errorf("the name %q must be 1 to 40 lower-case letters, digits or hyphens", c.Name)
	}
	unlock, err := lockRegistry()
	if err != nil {
		return nil, err
	}
	defer unlock()
	if _, err := sweepLocked(); err != nil {
		return nil, err
	}
	if c.Store, err = filepath.EvalSymlinks(storeLink); err != nil {
		return nil, fmt.Errorf("find the image store: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(clusterFile(c.Name)), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(clusterFile(c.Name), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("register cluster %s: %w", c.Name, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("a cluster named %s is already running", c.Name)
	}
	e := &entry{file: file, cluster: c}
	return e, e.save()
}

func (e *entry) save() error {
	content, err := json.MarshalIndent(e.cluster, "", "  ")
	if err != nil {
		return err
	}
	if err := e.file.Truncate(0); err != nil {
		return fmt.Errorf("write the entry of cluster %s: %w", e.Name, err)
	}
	if _, err := e.file.WriteAt(append(content, '\n'), 0); err != nil {
		return fmt.Errorf("write the entry of cluster %s: %w", e.Name, err)
	}
	return nil
}

// unregister removes the entry and all that the host still has of the cluster.
func (e *entry) unregister() error {
	unlock, err := lockRegistry()
	if err != nil {
		return err
	}
	defer unlock()
	err = removeRemains(e.Name)
	e.file.Close()
	return err
}

// removeRemains deletes what outlives a cluster's namespaces.
func removeRemains(name string) error {
	err := removeCgroups(cgroupName(name))
	for _, path := range []string{readyFile(name), kubeconfigFile(name), keeperLog(name), clusterFile(name)} {
		if removeErr := os.Remove(path); removeErr != nil && !errors.Is(removeErr, os.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	return err
}

// listClusters returns the clusters that run. Killed ones leave nothing behind it.
func listClusters() ([]cluster, error) {
	if _, err := os.Stat(registryDir); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	unlock, err := lockRegistry()
	if err != nil {
		return nil, err
	}
	defer unlock()
	running, err := sweepLocked()
	if err == nil && len(running) == 0 {
		tidyLocked()
	}
	return running, err
}

// findCluster returns the running cluster of a name.
func findCluster(name string) (cluster, error) {
	clusters, err := listClusters()
	if err != nil {
		return cluster{}, err
	}
	for _, c := range clusters {
		if c.Name == name {
			return c, nil
		}
	}
	return cluster{}, fmt.Errorf("no cluster named %s is running (see lab status)", name)
}

// sweepLocked removes the remains of clusters whose keeper is gone, and returns the others.
func sweepLocked() ([]cluster, error) {
	files, err := filepath.Glob(clusterFile("*"))
	if err != nil {
		return nil, err
	}
	var running []cluster
	for _, path := range files {
		alive, err := isLocked(path)
		if err != nil {
			return nil, err
		}
		if !alive {
			if err := removeRemains(strings.TrimSuffix(filepath.Base(path), ".json")); err != nil {
				return nil, fmt.Errorf("remove what a killed cluster left: %w", err)
			}
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var c cluster
		if err := json.Unmarshal(content, &c); err != nil {
			return nil, fmt.Errorf("read the entry %s: %w", path, err)
		}
		c.Ready = isFile(readyFile(c.Name))
		running = append(running, c)
	}
	return running, nil
}

func isLocked(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	err = unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

func lockRegistry() (func(), error) { return lockFile(filepath.Join(registryDir, "mutex")) }

// lockFile waits until this process alone holds the file.
func lockFile(path string) (func(), error) {
	file, err := lockAs(path, unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	return func() { file.Close() }, nil
}

// lockAs opens and locks a file that others may remove meanwhile: a lock on a file that has lost its name protects
// nothing, so it tries again then.
func lockAs(path string, how int) (*os.File, error) {
	for {
		// The folder may come and go between two steps of making it.
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if err := flock(file, how); err != nil {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if sameFile(file, path) {
			return file, nil
		}
		file.Close()
	}
}

func flock(file *os.File, how int) error {
	for {
		err := unix.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func sameFile(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(opened, named)
}
