package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFindLayout(t *testing.T) {
	repo := t.TempDir()
	pin := filepath.Join(repo, "lab", "pins", "cluster")
	if err := os.MkdirAll(pin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pin, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("from a folder below", func(t *testing.T) {
		t.Chdir(pin)
		l, err := findLayout()
		if err != nil || l.Repo != repo {
			t.Errorf("%q, %v; want %q", l.Repo, err, repo)
		}
	})
	t.Run("from elsewhere", func(t *testing.T) {
		t.Chdir(t.TempDir())
		if l, err := findLayout(); err == nil {
			t.Errorf("found %q where there is none", l.Repo)
		}
	})
	t.Run("named", func(t *testing.T) {
		t.Chdir(t.TempDir())
		t.Setenv(repoVariable, repo)
		t.Setenv(homeVariable, "home")
		l, err := findLayout()
		if err != nil || l.Repo != repo || !filepath.IsAbs(l.Home) {
			t.Errorf("%+v, %v", l, err)
		}
	})
	t.Run("named wrongly", func(t *testing.T) {
		t.Setenv(repoVariable, t.TempDir())
		if l, err := findLayout(); err == nil {
			t.Errorf("took %q", l.Repo)
		}
	})
}

func TestCheckoutsDoNotShareWhatTheyBuild(t *testing.T) {
	a, b := layout{Home: "/home", Repo: "/a/weft"}, layout{Home: "/home", Repo: "/b/weft"}
	if a.weftImage() == b.weftImage() {
		t.Errorf("both write %s", a.weftImage())
	}
	if a.bin() != b.bin() {
		t.Error("what is pinned is built twice")
	}
}
