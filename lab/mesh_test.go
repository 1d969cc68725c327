package main

import (
	"encoding/json"
	"testing"
)

func TestRolledOut(t *testing.T) {
	for name, c := range map[string]struct {
		deployment string
		want       bool
	}{
		"all available":                 {`{"metadata":{"generation":2},"spec":{"replicas":2},"status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":2}}`, true},
		"replicas by default":           {`{"metadata":{"generation":1},"status":{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"availableReplicas":1}}`, true},
		"status of an older generation": {`{"metadata":{"generation":3},"spec":{"replicas":2},"status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":2}}`, false},
		"one is missing":                {`{"metadata":{"generation":2},"spec":{"replicas":2},"status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":1}}`, false},
		"an old one is left":            {`{"metadata":{"generation":2},"spec":{"replicas":2},"status":{"observedGeneration":2,"replicas":3,"updatedReplicas":2,"availableReplicas":2}}`, false},
		"just created":                  {`{"metadata":{"generation":1},"spec":{"replicas":2}}`, false},
	} {
		var d deployment
		if err := json.Unmarshal([]byte(c.deployment), &d); err != nil {
			t.Fatal(err)
		}
		if got := d.rolledOut(); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func TestHopeless(t *testing.T) {
	for name, c := range map[string]struct {
		state    string
		hopeless bool
	}{
		"running":               {`{"state":{"running":{}}}`, false},
		"being created":         {`{"state":{"waiting":{"reason":"ContainerCreating"}}}`, false},
		"image missing":         {`{"state":{"waiting":{"reason":"ErrImagePull"}}}`, true},
		"image missing, waits":  {`{"state":{"waiting":{"reason":"ImagePullBackOff"}}}`, true},
		"crashed once":          {`{"restartCount":1,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}`, false},
		"crashes all the while": {`{"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}`, true},
	} {
		var pods podList
		text := `{"items":[{"metadata":{"name":"p"},"status":{"containerStatuses":[` + c.state + `]}}]}`
		if err := json.Unmarshal([]byte(text), &pods); err != nil {
			t.Fatal(err)
		}
		if got := pods.hopeless(); (got != nil) != c.hopeless {
			t.Errorf("%s: %v, want hopeless %t", name, got, c.hopeless)
		}
	}
}
