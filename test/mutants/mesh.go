package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	system     = "weft-system"
	deployment = "weft-controller"
)

// mesh is the weft that runs in the lab.
type mesh struct {
	root string
	// folder holds the wrong controllers; the lab's node sees it at the same path.
	folder string
}

// build compiles a mutant's controller and returns the name of its file.
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

// run puts a controller in place of the one that runs, and waits until it is
// ready.
func (m mesh) run(ctx context.Context, file string) error {
	patch, err := json.Marshal(controllerPatch(m.folder, file))
	if err != nil {
		return fmt.Errorf("run %s: %w", file, err)
	}
	for _, args := range [][]string{
		// weft's own namespace takes no folders of the node.
		{"label", "--overwrite", "namespace", system, "pod-security.kubernetes.io/enforce=privileged"},
		{"patch", "deployment", deployment, "--type=strategic", "-p", string(patch)},
		{"rollout", "status", "deployment/" + deployment, "--timeout=120s"},
	} {
		if out, err := exec.CommandContext(ctx, "kubectl", append([]string{"-n", system}, args...)...).CombinedOutput(); err != nil {
			return fmt.Errorf("run %s: kubectl %s: %w\n%s", file, args[0], err, out)
		}
	}
	return nil
}

type object = map[string]any

// controllerPatch makes the Deployment run a file of the node, in one replica:
// two would take turns in being wrong.
func controllerPatch(folder, file string) object {
	return object{"spec": object{
		"replicas": 1,
		"strategy": object{"type": "Recreate", "rollingUpdate": nil},
		"template": object{"spec": object{
			"volumes": []object{{"name": "mutant", "hostPath": object{"path": folder}}},
			"containers": []object{{
				"name": "controller", "command": []string{"/mutant/" + file},
				"volumeMounts": []object{{"name": "mutant", "mountPath": "/mutant", "readOnly": true}},
			}},
		}},
	}}
}
