package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const system = "weft-system"

// part is a Deployment of weft, and its container that a mutant takes the place
// of.
type part struct{ deployment, container string }

// partOf is the part that makes the mistake.
func partOf(m mutant) part {
	if strings.HasPrefix(m.File, "internal/figures/") || strings.HasPrefix(m.File, "internal/metricsapi/") {
		return part{"weft-metrics", "metrics"}
	}
	return part{"weft-controller", "controller"}
}

// mesh is the weft that runs in the lab.
type mesh struct {
	root string
	// folder holds the wrong binaries; the lab's node sees it at the same path.
	folder string
}

// build compiles a mutant and returns the name of its file.
func (m mesh) build(ctx context.Context, wrong mutant) (string, error) {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"}
	name := "weft-right"
	if wrong.File != "" {
		name = "weft-" + wrong.Name
		overlay, err := wrong.overlay(m.root, m.folder)
		if err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", filepath.Join(m.folder, name), "./cmd/weft")...)
	cmd.Dir, cmd.Env = m.root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return name, nil
}

// run puts a binary in place of the one that runs, and waits until it is ready.
func (m mesh) run(ctx context.Context, p part, file string) error {
	patch, err := json.Marshal(p.patch(m.folder, file))
	if err != nil {
		return fmt.Errorf("run %s: %w", file, err)
	}
	for _, args := range [][]string{
		// weft's own namespace takes no folders of the node.
		{"label", "--overwrite", "namespace", system, "pod-security.kubernetes.io/enforce=privileged"},
		{"patch", "deployment", p.deployment, "--type=strategic", "-p", string(patch)},
		{"rollout", "status", "deployment/" + p.deployment, "--timeout=120s"},
	} {
		if out, err := exec.CommandContext(ctx, "kubectl", append([]string{"-n", system}, args...)...).CombinedOutput(); err != nil {
			return fmt.Errorf("run %s: kubectl %s: %w\n%s", file, args[0], err, out)
		}
	}
	return nil
}

type object = map[string]any

// patch makes the Deployment run a file of the node, in one replica: two would
// take turns in being wrong.
func (p part) patch(folder, file string) object {
	return object{"spec": object{
		"replicas": 1,
		"strategy": object{"type": "Recreate", "rollingUpdate": nil},
		"template": object{"spec": object{
			"volumes": []object{{"name": "mutant", "hostPath": object{"path": folder}}},
			"containers": []object{{
				"name": p.container, "command": []string{"/mutant/" + file},
				"volumeMounts": []object{{"name": "mutant", "mountPath": "/mutant", "readOnly": true}},
			}},
		}},
	}}
}
