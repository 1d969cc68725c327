package webhooks

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/internal/podnet"
)

// defaultDrainSeconds is longer than it takes until every sidecar has stopped
// sending new requests to a pod that is being deleted.
const defaultDrainSeconds = 3

// defaultGraceSeconds is Kubernetes' terminationGracePeriodSeconds.
const defaultGraceSeconds = 30

// options are what a pod's annotations ask for.
type options struct {
	exclude      podnet.Exclusions
	drainSeconds int64
	concurrency  int
}

// readOptions reads a pod's annotations. Its error names annotation, value and
// mend.
func readOptions(pod *corev1.Pod) (options, error) {
	var o options
	var err error
	if o.exclude, err = readExclusions(pod.Annotations); err != nil {
		return options{}, err
	}
	if o.drainSeconds, err = readDrainSeconds(pod); err != nil {
		return options{}, err
	}
	if o.concurrency, err = readConcurrency(pod.Annotations); err != nil {
		return options{}, err
	}
	return o, nil
}

func annotationError(name, value, mend string) error {
	return fmt.Errorf("annotation %s is %q: %s", name, value, mend)
}

func readExclusions(annotations map[string]string) (podnet.Exclusions, error) {
	exclude, err := podnet.Parse(podnet.Spec{
		InboundPorts:  annotations[v1alpha1.AnnotationExcludeInboundPorts],
		OutboundPorts: annotations[v1alpha1.AnnotationExcludeOutboundPorts],
		OutboundCIDRs: annotations[v1alpha1.AnnotationExcludeOutboundCIDRs],
	})
	var field *podnet.FieldError
	if errors.As(err, &field) {
		return exclude, annotationError("weft.mesh/exclude-"+field.Field, field.Value, field.Err.Error())
	}
	return exclude, err
}

func readDrainSeconds(pod *corev1.Pod) (int64, error) {
	grace := gracePeriod(pod)
	value, ok := pod.Annotations[v1alpha1.AnnotationDrainSeconds]
	if !ok {
		// An application with little time keeps half of it for itself.
		return max(0, min(defaultDrainSeconds, grace/2)), nil
	}
	seconds, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return 0, annotationError(v1alpha1.AnnotationDrainSeconds, value, "write a whole number of seconds, or 0 for none")
	}
	if int64(seconds) > grace {
		return 0, annotationError(v1alpha1.AnnotationDrainSeconds, value, fmt.Sprintf(
			"it is longer than the pod's terminationGracePeriodSeconds (%d); lower the one or raise the other", grace))
	}
	return int64(seconds), nil
}

func readConcurrency(annotations map[string]string) (int, error) {
	value, ok := annotations[AnnotationProxyConcurrency]
	if !ok {
		return 1, nil
	}
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n < 1 || n > 128 {
		return 0, annotationError(AnnotationProxyConcurrency, value, "write a number of threads from 1 to 128")
	}
	return int(n), nil
}

// unknownAnnotations warns of annotations that look like weft's and are not:
// most often a misspelt exclusion.
func unknownAnnotations(annotations map[string]string) []string {
	known := map[string]bool{
		v1alpha1.AnnotationExcludeInboundPorts: true, v1alpha1.AnnotationExcludeOutboundPorts: true, v1alpha1.AnnotationExcludeOutboundCIDRs: true,
		v1alpha1.AnnotationDrainSeconds: true, AnnotationProxyConcurrency: true, AnnotationProxyCPU: true, AnnotationProxyMemory: true,
		AnnotationProxyCPURequest: true, AnnotationProxyCPULimit: true, AnnotationProxyMemoryRequest: true, AnnotationProxyMemoryLimit: true,
		AnnotationInitCPURequest: true, AnnotationInitCPULimit: true, AnnotationInitMemoryRequest: true, AnnotationInitMemoryLimit: true,
		v1alpha1.AnnotationInjected: true, v1alpha1.AnnotationProbes: true, v1alpha1.AnnotationApplicationMetrics: true, AnnotationParts: true,
	}
	var warnings []string
	for name := range annotations {
		if strings.HasPrefix(name, "weft.mesh/") && !known[name] {
			warnings = append(warnings, fmt.Sprintf("annotation %s is unknown to weft and has no effect", name))
		}
	}
	sort.Strings(warnings)
	return warnings
}

// gracePeriod is the number of seconds that the pod has to stop.
func gracePeriod(pod *corev1.Pod) int64 {
	if g := pod.Spec.TerminationGracePeriodSeconds; g != nil {
		return *g
	}
	return defaultGraceSeconds
}
