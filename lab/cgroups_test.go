package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCgroupMounts(t *testing.T) {
	for name, c := range map[string]struct {
		mountinfo string
		want      []string
	}{
		"version 1 and hybrid": {
			mountinfo: "25 30 0:23 / /sys rw shared:7 - sysfs sysfs rw\n" +
				"33 25 0:29 / /sys/fs/cgroup/memory rw,nosuid shared:9 master:3 - cgroup cgroup rw,memory\n" +
				"34 25 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			want: []string{"/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified"},
		},
		"version 2": {
			mountinfo: "34 25 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
			want:      []string{"/sys/fs/cgroup"},
		},
		"none":    {mountinfo: "25 30 0:23 / /cgroup rw - tmpfs cgroup rw\n"},
		"garbage": {mountinfo: "- cgroup\n\nx - cgroup2\n"},
	} {
		if got := cgroupMounts(strings.NewReader(c.mountinfo)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestRemoveFoldersTakesNestedOnes(t *testing.T) {
	root := filepath.Join(t.TempDir(), "group")
	if err := os.MkdirAll(filepath.Join(root, "pods", "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := removeFolders(root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	if err := removeFolders(root); err != nil {
		t.Errorf("a second time: %v", err)
	}
}
