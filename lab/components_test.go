package main

import (
	"strings"
	"testing"
)

func TestEndOfAComponentShowsWhy(t *testing.T) {
	s := newSupervisor(t.TempDir(), t.TempDir())
	if err := s.start(component{name: "failing", path: "sh", args: []string{"-c", "echo the reason; exit 3"}}); err != nil {
		t.Fatal(err)
	}
	message := (<-s.exits).Error()
	for _, want := range []string{"failing", "exit status 3", "the reason"} {
		if !strings.Contains(message, want) {
			t.Errorf("%q lacks %q", message, want)
		}
	}
}

func TestShortenAndLastLines(t *testing.T) {
	if got, want := shorten("abcdef\nab", 3), "abc ...\nab"; got != want {
		t.Errorf("shorten: %q, want %q", got, want)
	}
	if got, want := lastLines("a\nb\nc\n", 2), "b\nc"; got != want {
		t.Errorf("last lines: %q, want %q", got, want)
	}
}
