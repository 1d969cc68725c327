package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// storeWith makes a prepared folder of containerd that holds the images of some parts.
func storeWith(t *testing.T, names ...string) layout {
	t.Helper()
	l := testLayout(t)
	if err := os.MkdirAll(l.storeLink(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.storeLink(), partsFile), []byte(strings.Join(names, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestMissingPartNamesTheTargetThatBuildsIt(t *testing.T) {
	l := storeWith(t, "argo-rollouts")
	if err := needParts(l, []string{"argo-rollouts"}); err != nil {
		t.Errorf("a part that is there: %v", err)
	}
	err := needParts(l, []string{"argo-rollouts", "flagger", "smi-conformance"})
	if err == nil {
		t.Fatal("nothing is missing")
	}
	for _, want := range []string{"flagger is not", "make canaries", "smi-conformance is not", "make conformance", "--with flagger"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "argo-rollouts") {
		t.Errorf("%q names a part that is there", err)
	}
	if err := needParts(l, []string{"flager"}); err == nil || !strings.Contains(err.Error(), `"flager"`) {
		t.Errorf("a part that does not exist: %v", err)
	}
}

// The store of a lab that knew no parts has no list of them.
func TestStoreWithoutAListHasNoParts(t *testing.T) {
	l := testLayout(t)
	if err := os.MkdirAll(l.storeLink(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := needParts(l, []string{"flagger"}); err == nil {
		t.Error("flagger is taken to be there")
	}
}

func TestCommandThatIsNotFoundNamesItsPart(t *testing.T) {
	l := storeWith(t)
	notFound := errors.New("not found")
	if err := explainCommand(l, "smi-conformance", notFound); !errors.Is(err, notFound) || !strings.Contains(err.Error(), "make conformance") {
		t.Errorf("smi-conformance: %v", err)
	}
	if err := explainCommand(l, "nonsense", notFound); err != notFound {
		t.Errorf("a command of no part: %v", err)
	}
	if err := explainCommand(l, "smi-conformance", nil); err != nil {
		t.Errorf("a command that is found: %v", err)
	}
}

// The targets that the sentences name must exist, and ask for the part.
func TestTargetsAskForTheirParts(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(testLayout(t).Repo, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		asked := regexp.MustCompile(`(?m)^[a-z ]*\b` + p.Target + `\b[a-z ]*: PARTS = \S*\b` + regexp.QuoteMeta(p.Name) + `\b`)
		if !asked.Match(content) {
			t.Errorf("the target %s of the Makefile does not ask for %s", p.Target, p.Name)
		}
	}
}

// What was built for one target stays for the next, but not what was built from other pins or is gone.
func TestStoreKeepsPartsThatAreStillBuilt(t *testing.T) {
	l := storeWith(t, "flagger", "smi-conformance")
	names := func() []string {
		stored, err := buildParts(l, testProgress(t, io.Discard), nil)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range stored {
			names = append(names, p.Name)
		}
		return names
	}
	if got := names(); got != nil {
		t.Errorf("kept %q, and none is built", got)
	}
	if err := os.WriteFile(l.conformanceImage(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	writeStamps(t, l, flagger)
	if got, want := names(), []string{"flagger", "smi-conformance"}; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
	if err := os.WriteFile(filepath.Join(l.bin(), "flagger"), []byte("of another version"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := names(), []string{"smi-conformance"}; !slices.Equal(got, want) {
		t.Errorf("kept %q, want %q", got, want)
	}
}

// writeStamps makes a product look built.
func writeStamps(t *testing.T, l layout, p product) {
	t.Helper()
	for _, dir := range []string{l.bin(), l.images()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := p.Pin.plan(l)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(plan.stamp.outputs, filepath.Join(l.bin(), "wget"), l.image(p.Pin.Name)) {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	i, err := p.image(l)
	if err != nil {
		t.Fatal(err)
	}
	s, err := i.stamp(l, l.image(p.Pin.Name), "image-"+p.Pin.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(plan.stamp.write(), s.write()); err != nil {
		t.Fatal(err)
	}
}
