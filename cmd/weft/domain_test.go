package main

import "testing"

func TestLookupName(t *testing.T) {
	for domain, want := range map[string]string{"": "a.b.svc", ".": "a.b.svc", "cluster.local": "a.b.svc.cluster.local.", "corp.example.": "a.b.svc.corp.example."} {
		if got := lookupName("a.b.svc", domain); got != want {
			t.Errorf("%q: got %s, want %s", domain, got, want)
		}
	}
}
