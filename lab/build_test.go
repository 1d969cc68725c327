package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestNextBuildRemovesWhatAKilledOneLeft(t *testing.T) {
	l := layout{Home: t.TempDir()}
	for _, name := range []string{".build-1", ".wheel-2", "cni"} {
		if err := os.MkdirAll(filepath.Join(l.bin(), name, "folder"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	removeScratch(l)
	left, err := os.ReadDir(l.bin())
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0].Name() != "cni" {
		t.Errorf("left are %v, want cni alone", left)
	}
}
