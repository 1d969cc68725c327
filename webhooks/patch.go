package webhooks

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	jsonpatch "gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/weft-mesh/weft/api/v1alpha1"
)

// podPatch is what turns the pod before into the pod after, as Inject makes it.
// It names only what Inject changes: a patch made by comparing whole objects
// would remove the fields of a Kubernetes newer than this build, and would
// rewrite one init container into another.
func podPatch(before, after *corev1.Pod) []jsonpatch.Operation {
	var ops []jsonpatch.Operation
	ops = append(ops, annotationsPatch(before.Annotations, after.Annotations)...)
	ops = append(ops, initContainersPatch(before.Spec.InitContainers, after.Spec.InitContainers)...)
	for i := range after.Spec.Containers {
		ops = append(ops, containerPatch(at("/spec/containers", i), &before.Spec.Containers[i], &after.Spec.Containers[i])...)
	}
	ops = append(ops, volumesPatch(before.Spec.Volumes, after.Spec.Volumes)...)
	return append(ops, podResourcesPatch(before.Spec.Resources, after.Spec.Resources)...)
}

func annotationsPatch(before, after map[string]string) []jsonpatch.Operation {
	if len(before) == 0 {
		return []jsonpatch.Operation{jsonpatch.NewOperation("add", "/metadata/annotations", after)}
	}
	var ops []jsonpatch.Operation
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, had := before[name]
		value, has := after[name]
		path := "/metadata/annotations/" + escape(name)
		switch {
		case has && (!had || value != old):
			ops = append(ops, jsonpatch.NewOperation("add", path, value))
		case had && !has:
			ops = append(ops, jsonpatch.NewOperation("remove", path, nil))
		}
	}
	return ops
}

// initContainersPatch changes the user's init containers where they are, takes
// stale ones of ours away, and puts ours first.
func initContainersPatch(before, after []corev1.Container) []jsonpatch.Operation {
	const list = "/spec/initContainers"
	if len(before) == 0 {
		return []jsonpatch.Operation{jsonpatch.NewOperation("add", list, after)}
	}
	if startsWithOurs(before) && equality.Semantic.DeepEqual(before[:2], after[:2]) && len(before) == len(after) {
		return ownInitContainersPatch(before, after)
	}
	var ops []jsonpatch.Operation
	users := slices.DeleteFunc(slices.Clone(after), func(c corev1.Container) bool { return isOurs(c.Name) })
	for i := range before {
		if !isOurs(before[i].Name) {
			ops = append(ops, containerPatch(at(list, i), &before[i], &users[0])...)
			users = users[1:]
		}
	}
	for i := len(before) - 1; i >= 0; i-- {
		if isOurs(before[i].Name) {
			ops = append(ops, jsonpatch.NewOperation("remove", at(list, i), nil))
		}
	}
	for i := range 2 {
		ops = append(ops, jsonpatch.NewOperation("add", at(list, i), after[i]))
	}
	return ops
}

func startsWithOurs(list []corev1.Container) bool {
	return len(list) >= 2 && list[0].Name == InitContainer && list[1].Name == v1alpha1.ProxyContainer
}

// ownInitContainersPatch is for a pod whose sidecar is already as it should be.
func ownInitContainersPatch(before, after []corev1.Container) []jsonpatch.Operation {
	var ops []jsonpatch.Operation
	for i := range after {
		ops = append(ops, containerPatch(at("/spec/initContainers", i), &before[i], &after[i])...)
	}
	return ops
}

func containerPatch(path string, before, after *corev1.Container) []jsonpatch.Operation {
	var ops []jsonpatch.Operation
	old, slots := probeSlots(before), probeSlots(after)
	for i, slot := range slots {
		ops = append(ops, fieldPatch(path+"/"+slot.kind+"Probe", *old[i].probe, *slot.probe)...)
	}
	switch {
	case after.Lifecycle == nil:
	case before.Lifecycle == nil:
		ops = append(ops, jsonpatch.NewOperation("add", path+"/lifecycle", after.Lifecycle))
	default:
		ops = append(ops, fieldPatch(path+"/lifecycle/preStop", before.Lifecycle.PreStop, after.Lifecycle.PreStop)...)
		ops = append(ops, fieldPatch(path+"/lifecycle/postStart", before.Lifecycle.PostStart, after.Lifecycle.PostStart)...)
	}
	return ops
}

// fieldPatch sets, replaces or removes one optional field.
func fieldPatch[T any](path string, before, after *T) []jsonpatch.Operation {
	switch {
	case equality.Semantic.DeepEqual(before, after):
		return nil
	case after == nil:
		return []jsonpatch.Operation{jsonpatch.NewOperation("remove", path, nil)}
	}
	return []jsonpatch.Operation{jsonpatch.NewOperation("add", path, after)}
}

func volumesPatch(before, after []corev1.Volume) []jsonpatch.Operation {
	const list = "/spec/volumes"
	if len(before) == 0 {
		return []jsonpatch.Operation{jsonpatch.NewOperation("add", list, after)}
	}
	if equality.Semantic.DeepEqual(before, after) {
		return nil
	}
	var ops []jsonpatch.Operation
	for i := len(before) - 1; i >= 0; i-- {
		if isOurVolume(&before[i]) {
			ops = append(ops, jsonpatch.NewOperation("remove", at(list, i), nil))
		}
	}
	return append(ops, jsonpatch.NewOperation("add", list+"/-", after[len(after)-1]))
}

func podResourcesPatch(before, after *corev1.ResourceRequirements) []jsonpatch.Operation {
	if before == nil {
		return nil
	}
	var ops []jsonpatch.Operation
	for _, part := range []struct {
		path          string
		before, after corev1.ResourceList
	}{{"/spec/resources/requests/", before.Requests, after.Requests}, {"/spec/resources/limits/", before.Limits, after.Limits}} {
		for _, name := range slices.Sorted(maps.Keys(part.after)) {
			if now := part.after[name]; now.Cmp(part.before[name]) != 0 {
				ops = append(ops, jsonpatch.NewOperation("replace", part.path+escape(string(name)), now))
			}
		}
	}
	return ops
}

func at(list string, index int) string { return list + "/" + strconv.Itoa(index) }

// escape writes a key as RFC 6901 wants it in a path.
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
