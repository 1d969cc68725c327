package webhooks

import (
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/podnet"
	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
)

// Namespace is what the injector knows of a pod's namespace.
type Namespace struct {
	Name                string
	Labels, Annotations map[string]string
	LimitRanges         []corev1.LimitRange
	Quotas              []corev1.ResourceQuota
	// FullQuota names the quota that has no room for the ConfigMap that sidecars
	// start from, where that is missing.
	FullQuota string
}

// Reasons to leave a pod alone. Those that a user should hear of become Events.
const (
	SkipNotEnabled  = "NotEnabled"
	SkipSystem      = "SystemNamespace"
	SkipDisabled    = "Disabled"
	SkipMirror      = "StaticPod"
	SkipHostNetwork = "HostNetwork"
	SkipWindows     = "Windows"
)

// Injection is what became of a pod.
type Injection struct {
	// Pod is the meshed pod, or nil where the pod is left alone.
	Pod *corev1.Pod
	// Skipped says why the pod is left alone.
	Skipped string
	// Event tells the user why, where the namespace asked for the mesh and the
	// pod can't have it.
	Event string
	// Warnings are for whoever creates the pod.
	Warnings []string
}

// Inject puts the sidecar into a pod. It never changes its arguments, and of
// what it made itself before it changes nothing; what others have changed of that
// stays. Its error is a mistake of the pod's author, or what the namespace does
// not allow, which the author must hear of: such a pod is refused, never half
// injected.
func Inject(pod *corev1.Pod, namespace Namespace, settings Settings) (Injection, error) {
	settings = settings.Complete()
	if skip, event := skipReason(pod, namespace, settings); skip != "" {
		return Injection{Skipped: skip, Event: event}, nil
	}
	options, err := readOptions(pod)
	if err != nil {
		return Injection{}, err
	}
	if err := reservedNames(pod); err != nil {
		return Injection{}, err
	}
	initSize, proxySize, err := sizes(pod, namespace, settings.sidecar)
	if err != nil {
		return Injection{}, err
	}

	out := pod.DeepCopy()
	warnings := unknownAnnotations(pod.Annotations)
	warnings = append(warnings, surprises(pod, settings.ControllerHost)...)
	warnings = append(warnings, noRoomForProxyConfig(namespace)...)
	strip(out)
	config, known := podnet.NewConfig(options.exclude), knownProbes(pod.Annotations)
	probes, remarks := rewriteProbes(out, config, known)
	warnings = append(warnings, remarks...)
	hooks, remarks := rewriteHooks(out, config, known, hookKey(settings.HookKey(), namespace.Name))
	warnings = append(warnings, remarks...)
	addDrain(&out.Spec, options.drainSeconds)
	metrics, remarks := rewriteScrape(out)
	warnings = append(warnings, remarks...)
	start, proxy, err := keepOthers(pod, out, initContainer(settings, options, initSize), proxyContainer(settings, options, proxySize, metricsEnv(out, metrics)))
	if err != nil {
		return Injection{}, err
	}
	addPodResources(&out.Spec, proxy.Resources, pod)
	out.Spec.InitContainers = slices.Insert(out.Spec.InitContainers, 0, start, proxy)
	if err := overQuota(out, namespace.Quotas); err != nil {
		return Injection{}, err
	}
	out.Spec.Volumes = append(out.Spec.Volumes, volume())
	if err := annotate(out, settings.Version, unique(append(probes, hooks...))); err != nil {
		return Injection{}, err
	}
	return Injection{Pod: out, Warnings: warnings}, nil
}

// skipReason tells whether a pod is left alone, and what its author should hear.
func skipReason(pod *corev1.Pod, namespace Namespace, settings Settings) (skip, event string) {
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	switch {
	case namespace.Name == "kube-system" || namespace.Name == settings.ControllerNamespace:
		return SkipSystem, ""
	case namespace.Labels[v1alpha1.LabelInject] != v1alpha1.InjectEnabled:
		return SkipNotEnabled, ""
	case pod.Labels[v1alpha1.LabelInject] == v1alpha1.InjectDisabled:
		return SkipDisabled, ""
	case mirror:
		return SkipMirror, ""
	case pod.Spec.HostNetwork:
		return SkipHostNetwork, "the pod uses the node's network (hostNetwork), so it has no sidecar and no identity in the mesh; " +
			"label it weft.mesh/inject: disabled if that is meant"
	case pod.Spec.OS != nil && pod.Spec.OS.Name == corev1.Windows:
		return SkipWindows, "the sidecar runs on Linux only, so this pod is not in the mesh; label it weft.mesh/inject: disabled if that is meant"
	}
	return "", ""
}

// reservedNames refuses a pod whose own parts bear the names of the sidecar's.
// Init containers of these names are remains of an earlier injection.
func reservedNames(pod *corev1.Pod) error {
	for _, c := range pod.Spec.Containers {
		if c.Name == InitContainer || c.Name == v1alpha1.ProxyContainer {
			return fmt.Errorf("container %q: the name belongs to weft's sidecar; rename the container", c.Name)
		}
	}
	for i := range pod.Spec.Volumes {
		if v := &pod.Spec.Volumes[i]; v.Name == Volume && !isOurVolume(v) {
			return fmt.Errorf("volume %q: the name belongs to weft's sidecar; rename the volume", v.Name)
		}
	}
	return nil
}

// strip takes an earlier injection's containers and volume out again, so that a
// copied pod gets those of this installation. keepOthers has what others did.
func strip(pod *corev1.Pod) {
	pod.Spec.InitContainers = slices.DeleteFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return isOurs(c.Name) })
	pod.Spec.Volumes = slices.DeleteFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return isOurVolume(&v) })
}

func isOurs(container string) bool {
	return container == InitContainer || container == v1alpha1.ProxyContainer
}

func isOurVolume(v *corev1.Volume) bool {
	if v.Name != Volume || v.Projected == nil {
		return false
	}
	return slices.ContainsFunc(v.Projected.Sources, func(p corev1.VolumeProjection) bool {
		return p.ServiceAccountToken != nil && p.ServiceAccountToken.Audience == envoy.TokenAudience
	})
}

func annotate(pod *corev1.Pod, version string, probes []model.Probe) error {
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations[v1alpha1.AnnotationInjected] = version
	delete(pod.Annotations, v1alpha1.AnnotationProbes)
	if len(probes) == 0 {
		return nil
	}
	list, err := json.Marshal(probes)
	if err != nil {
		return fmt.Errorf("probes: %w", err)
	}
	pod.Annotations[v1alpha1.AnnotationProbes] = string(list)
	return nil
}

// unique drops probes of a path that an earlier one has.
func unique(probes []model.Probe) []model.Probe {
	seen := map[string]bool{}
	return slices.DeleteFunc(probes, func(p model.Probe) bool {
		defer func() { seen[p.Path] = true }()
		return seen[p.Path]
	})
}
