package main

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLockHoldsThoughItsFileIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "lock")
	var holders atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				file, err := lockAs(path, unix.LOCK_EX)
				if err != nil {
					t.Error(err)
					return
				}
				if now := holders.Add(1); now != 1 {
					t.Errorf("%d hold the lock at once", now)
				}
				for range 20 {
					runtime.Gosched()
				}
				holders.Add(-1)
				os.RemoveAll(filepath.Dir(path))
				file.Close()
			}
		})
	}
	all.Wait()
}

func TestClusterNames(t *testing.T) {
	for name, good := range map[string]bool{
		"default": true, "run-123": true, "a": true, "": false, "-a": false, "a-": false, "A": false, "a/b": false,
		"..": false, "a b": false, "a23456789012345678901234567890123456789012": false,
	} {
		if clusterName.MatchString(name) != good {
			t.Errorf("the name %q is good: %t, want %t", name, !good, good)
		}
	}
}
