package webhooks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
)

// tokenMount is where Kubernetes puts the API's token into every container that
// it finds.
const tokenMount = "/var/run/secrets/kubernetes.io/serviceaccount"

// parts are the fields of weft's containers as an injection made them, hashed: by
// container and field. The API server asks again after others have changed the
// pod (LimitRanger, a webhook that rewrites images), and what was theirs is told
// from what was weft's by them.
type parts map[string]map[string]string

func readParts(annotations map[string]string) parts {
	var p parts
	if json.Unmarshal([]byte(annotations[AnnotationParts]), &p) != nil {
		return nil
	}
	return p
}

// partsOf hashes the fields of containers as they are injected.
func partsOf(containers ...corev1.Container) (parts, error) {
	p := parts{}
	for i := range containers {
		all, err := fields(&containers[i])
		if err != nil {
			return nil, err
		}
		p[containers[i].Name] = map[string]string{}
		for name, value := range all {
			p[containers[i].Name][name] = hash(value)
		}
	}
	return p, nil
}

// keep gives the container that is wanted, with what others have changed of the
// one that was injected before, as far as weft wants the same there as it did
// then. What weft wants otherwise by now wins.
func (p parts) keep(found *corev1.Container, wanted corev1.Container) (corev1.Container, error) {
	before, known := p[wanted.Name]
	if found == nil || !known {
		return wanted, nil
	}
	was, err := fields(found)
	if err != nil {
		return wanted, err
	}
	now, err := fields(&wanted)
	if err != nil {
		return wanted, err
	}
	names := maps.Clone(was)
	maps.Copy(names, now)
	for name := range names {
		if hash(now[name]) != before[name] {
			continue
		}
		if value, ok := was[name]; ok {
			now[name] = value
		} else {
			delete(now, name)
		}
	}
	out, err := container(now)
	if err != nil {
		return wanted, err
	}
	// What it is can't be changed, nor the user, by whom the redirection tells the
	// sidecar. The API's token is of no use to it.
	out.Name, out.RestartPolicy = wanted.Name, wanted.RestartPolicy
	if out.SecurityContext == nil {
		out.SecurityContext = wanted.SecurityContext
	}
	out.SecurityContext.RunAsUser, out.SecurityContext.RunAsNonRoot = wanted.SecurityContext.RunAsUser, wanted.SecurityContext.RunAsNonRoot
	if out.VolumeMounts = slices.DeleteFunc(out.VolumeMounts, isTokenMount); len(out.VolumeMounts) == 0 {
		out.VolumeMounts = nil
	}
	return out, nil
}

func isTokenMount(m corev1.VolumeMount) bool { return m.MountPath == tokenMount }

// foundContainer is one of weft's in a pod that was injected before.
func foundContainer(pod *corev1.Pod, name string) *corev1.Container {
	for i := range pod.Spec.InitContainers {
		if pod.Spec.InitContainers[i].Name == name {
			return &pod.Spec.InitContainers[i]
		}
	}
	return nil
}

// keepOthers gives weft's two containers as they go into the pod, and has the
// annotation say how weft made them.
func keepOthers(before, after *corev1.Pod, init, proxy corev1.Container) (keptInit, keptProxy corev1.Container, err error) {
	now, err := partsOf(init, proxy)
	if err != nil {
		return init, proxy, err
	}
	text, err := json.Marshal(now)
	if err != nil {
		return init, proxy, fmt.Errorf("annotation %s: %w", AnnotationParts, err)
	}
	then := readParts(before.Annotations)
	if keptInit, err = then.keep(foundContainer(before, InitContainer), init); err != nil {
		return init, proxy, err
	}
	if keptProxy, err = then.keep(foundContainer(before, v1alpha1.ProxyContainer), proxy); err != nil {
		return init, proxy, err
	}
	if after.Annotations == nil {
		after.Annotations = map[string]string{}
	}
	after.Annotations[AnnotationParts] = string(text)
	return keptInit, keptProxy, nil
}

const resourcesField = "resources"

// fields are a container's, by name; each resource counts as one.
func fields(c *corev1.Container) (map[string]json.RawMessage, error) {
	all, err := object(c)
	if err != nil {
		return nil, fmt.Errorf("container %s: %w", c.Name, err)
	}
	delete(all, resourcesField)
	for kind, list := range map[string]corev1.ResourceList{"requests": c.Resources.Requests, "limits": c.Resources.Limits} {
		for name, quantity := range list {
			if all[resourcesField+"."+kind+"."+string(name)], err = json.Marshal(quantity); err != nil {
				return nil, fmt.Errorf("container %s: %w", c.Name, err)
			}
		}
	}
	if len(c.Resources.Claims) > 0 {
		if all[resourcesField+".claims"], err = json.Marshal(c.Resources.Claims); err != nil {
			return nil, fmt.Errorf("container %s: %w", c.Name, err)
		}
	}
	return all, nil
}

func object(v any) (map[string]json.RawMessage, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	all := map[string]json.RawMessage{}
	return all, json.Unmarshal(text, &all)
}

func hash(value json.RawMessage) string {
	if value == nil {
		return ""
	}
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:4])
}

// container is what has these fields.
func container(all map[string]json.RawMessage) (corev1.Container, error) {
	plain := map[string]json.RawMessage{}
	resources := map[string]map[string]json.RawMessage{"requests": {}, "limits": {}}
	var claims json.RawMessage
	for name, value := range all {
		if of, ok := strings.CutPrefix(name, resourcesField+".requests."); ok {
			resources["requests"][of] = value
		} else if of, ok := strings.CutPrefix(name, resourcesField+".limits."); ok {
			resources["limits"][of] = value
		} else if name == resourcesField+".claims" {
			claims = value
		} else {
			plain[name] = value
		}
	}
	var c corev1.Container
	for _, part := range []struct {
		from any
		to   any
	}{{plain, &c}, {resources, &c.Resources}, {claims, &c.Resources.Claims}} {
		text, err := json.Marshal(part.from)
		if err != nil {
			return c, err
		}
		if err := json.Unmarshal(text, part.to); err != nil {
			return c, err
		}
	}
	return c, nil
}
