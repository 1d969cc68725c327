package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

func TestEntryIsReadAsItWasWritten(t *testing.T) {
	before := cluster{Name: "a", Started: time.Now().UTC(), Keeper: 1, Init: 2, Server: "https://127.0.0.1:1", Mesh: true}
	content, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	var after cluster
	if err := json.Unmarshal(content, &after); err != nil {
		t.Fatal(err)
	}
	if before != after {
		t.Errorf("read %+v, want %+v", after, before)
	}
}
