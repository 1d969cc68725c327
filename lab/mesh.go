package main

import (
	"context"
	"fmt"
	"path/filepath"
)

const meshDeployment = "/apis/apps/v1/namespaces/weft-system/deployments/weft-controller"

// installMesh applies config/default as a user would, and waits for the controller.
func (n *node) installMesh(ctx context.Context) error {
	manifests := filepath.Join(n.Repo, "config", "default")
	var last error
	// An object whose definition comes in the same call is refused until the API server serves the definition.
	err := waitFor(ctx, "config/default to be applied", func() (bool, error) {
		last = n.kubectl(ctx, "apply", "--server-side", "-k", manifests)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", err, last)
	}
	return n.waitRolledOut(ctx, meshDeployment)
}

// deployment is as much of a Deployment as tells whether it is rolled out.
type deployment struct {
	Metadata struct{ Generation int64 }
	Spec     struct{ Replicas *int32 }
	Status   struct {
		ObservedGeneration                           int64
		Replicas, UpdatedReplicas, AvailableReplicas int32
	}
}

func (d deployment) rolledOut() bool {
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	s := d.Status
	return s.ObservedGeneration >= d.Metadata.Generation &&
		s.UpdatedReplicas == want && s.AvailableReplicas == want && s.Replicas == want
}

func (n *node) waitRolledOut(ctx context.Context, path string) error {
	return waitFor(ctx, path+" to be rolled out", func() (bool, error) {
		var d deployment
		return n.api.get(ctx, path, &d) == nil && d.rolledOut(), nil
	})
}
