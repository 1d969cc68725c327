package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupName is the cluster's own group, in which the kubelet keeps those of its pods.
func cgroupName(cluster string) string { return "weft-lab-" + cluster }

// cgroupMounts reads the mount points of all control group hierarchies from a mountinfo.
func cgroupMounts(mountinfo io.Reader) []string {
	var mounts []string
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		before, after, found := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		kind, _, _ := strings.Cut(after, " ")
		if found && len(fields) > 4 && (kind == "cgroup" || kind == "cgroup2") {
			mounts = append(mounts, fields[4])
		}
	}
	return mounts
}

func hostCgroupMounts() ([]string, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list the mounts: %w", err)
	}
	defer file.Close()
	mounts := cgroupMounts(file)
	if len(mounts) == 0 {
		return nil, errors.New("no control groups are mounted on this machine")
	}
	return mounts, nil
}

// createCgroups makes the named group in every hierarchy.
func createCgroups(name string) error {
	mounts, err := hostCgroupMounts()
	if err != nil {
		return err
	}
	for _, mount := range mounts {
		group := filepath.Join(mount, name)
		if err := os.MkdirAll(group, 0o755); err != nil {
			return fmt.Errorf("make the control group: %w", err)
		}
		// In version 1 a new cpuset is empty, and nothing can run in it.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if err := inheritSetting(mount, group, file); err != nil {
				return err
			}
		}
	}
	return nil
}

func inheritSetting(parent, group, file string) error {
	content, err := os.ReadFile(filepath.Join(parent, file))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(group, file), content, 0o644)
}

// removeCgroups removes the named group and all below it. The kernel frees a group a moment after its last
// process is gone.
func removeCgroups(name string) error {
	mounts, err := hostCgroupMounts()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(10 * time.Second)
	for _, mount := range mounts {
		group := filepath.Join(mount, name)
		for {
			err := removeFolders(group)
			if err == nil {
				break
			}
			if !errors.Is(err, unix.EBUSY) || time.Now().After(deadline) {
				return fmt.Errorf("remove the control group: %w", err)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return nil
}

// removeFolders removes a folder and the folders in it, leaves first. Control files can't be removed and needn't be.
func removeFolders(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if err := removeFolders(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	err = unix.Rmdir(dir)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}
