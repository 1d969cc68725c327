package main

import (
	"slices"
	"testing"
)

func TestMissingPackages(t *testing.T) {
	wanted := []debianPackage{
		{Name: "present", Probe: []string{"true"}},
		{Name: "broken", Probe: []string{"false"}},
		{Name: "absent", Probe: []string{"no-such-command-anywhere"}},
	}
	if got, want := missingPackages(wanted, commandWorks), []string{"broken", "absent"}; !slices.Equal(got, want) {
		t.Errorf("missing: %q, want %q", got, want)
	}
}
