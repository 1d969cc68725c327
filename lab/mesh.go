package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Where config/default puts the controller.
const (
	meshNamespace  = "weft-system"
	meshDeployment = "weft-controller"
)

// applyMesh applies config/default as a user would.
func (n *node) applyMesh(ctx context.Context) error {
	manifests := filepath.Join(n.Repo, "config", "default")
	var last error
	// An object whose definition comes in the same call is refused until the API server serves the definition.
	err := waitFor(ctx, "config/default to be applied", func() (bool, error) {
		_, last = n.kubectl(ctx, "apply", "--server-side", "-k", manifests)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", err, last)
	}
	return nil
}

// waitMesh waits until the controller is rolled out, or can't be.
func (n *node) waitMesh(ctx context.Context) error {
	path := "/apis/apps/v1/namespaces/" + meshNamespace + "/deployments/" + meshDeployment
	err := waitFor(ctx, meshDeployment+" to be rolled out", func() (bool, error) {
		var d deployment
		if n.api.get(ctx, path, &d) == nil && d.rolledOut() {
			return true, nil
		}
		var pods podList
		if n.api.get(ctx, "/api/v1/namespaces/"+meshNamespace+"/pods", &pods) != nil {
			return false, nil
		}
		return false, pods.hopeless()
	})
	if err != nil {
		return fmt.Errorf("install weft: %w\n%s", err, n.describeMesh())
	}
	return nil
}

// describeMesh shows what a person would look at first when the controller does not start.
func (n *node) describeMesh() string {
	var out strings.Builder
	for _, args := range [][]string{
		{"get", "pods"},
		{"get", "events", "--sort-by=.lastTimestamp", "-o", "custom-columns=REASON:.reason,OBJECT:.involvedObject.name,MESSAGE:.message"},
		{"logs", "deployment/" + meshDeployment, "--tail=20", "--all-pods"},
	} {
		text, err := n.kubectl(context.Background(), append(args, "-n", meshNamespace)...)
		if err != nil {
			text = err.Error()
		}
		fmt.Fprintf(&out, "--- kubectl %s\n%s\n", strings.Join(args[:2], " "), lastLines(text, 30))
	}
	return out.String()
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

// podList is as much of pods as tells why one does not start.
type podList struct {
	Items []struct {
		Metadata struct{ Name string }
		Status   struct {
			ContainerStatuses []struct {
				Name         string
				RestartCount int32
				State        struct {
					Waiting *struct{ Reason, Message string }
				}
			}
		}
	}
}

// hopelessRestarts is how often a container may end before the lab no longer waits for it.
const hopelessRestarts = 3

// hopeless says why a container will never run, if one won't: no image comes from outside, so what isn't there
// won't be.
func (l podList) hopeless() error {
	for _, pod := range l.Items {
		for _, c := range pod.Status.ContainerStatuses {
			waiting := c.State.Waiting
			if waiting == nil {
				continue
			}
			switch waiting.Reason {
			case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName":
				return fmt.Errorf("pod %s: its image is not in the lab (%s)", pod.Metadata.Name, waiting.Message)
			case "CrashLoopBackOff":
				if c.RestartCount >= hopelessRestarts {
					return errors.New("pod " + pod.Metadata.Name + " keeps crashing")
				}
			}
		}
	}
	return nil
}
