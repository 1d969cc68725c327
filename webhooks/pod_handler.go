package webhooks

import (
	"context"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/weft-mesh/weft/api/v1alpha1"
)

// PodHandler answers /inject.
type PodHandler struct {
	Decoder  admission.Decoder
	Settings Settings
	// Events may be nil.
	Events events.EventRecorder
}

// Handle injects a pod. That the namespace is in the mesh was decided by the
// API server (namespaceSelector): a cache here would lag behind it, and a pod
// created right after its namespace's label would be missed. What bounds the size
// of the sidecar is a cache's: where it lags, the API server refuses the pod, and
// whoever creates it tries again.
func (h *PodHandler) Handle(ctx context.Context, request admission.Request) admission.Response {
	var pod corev1.Pod
	if err := h.Decoder.Decode(request, &pod); err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("pod %s/%s: %w", request.Namespace, request.Name, err))
	}
	settings := h.Settings.Complete()
	settings.services, settings.sidecar = settings.ServiceCIDRs(ctx), settings.Sidecar(ctx)
	namespace := settings.Namespace(ctx, request.Namespace)
	namespace.Labels = map[string]string{v1alpha1.LabelInject: v1alpha1.InjectEnabled}
	injection, err := Inject(&pod, namespace, settings)
	if err != nil {
		return admission.Denied("weft: " + err.Error())
	}
	if injection.Pod == nil {
		if dryRun := request.DryRun != nil && *request.DryRun; injection.Event != "" && !dryRun {
			h.skipped(&pod, request.Namespace, injection)
		}
		return admission.Allowed(injection.Skipped)
	}
	return admission.Patched("", podPatch(&pod, injection.Pod)...).WithWarnings(injection.Warnings...)
}

// skipped tells of a pod that can't be in the mesh. The pod does not exist yet
// and may have no name: then its owner is told.
func (h *PodHandler) skipped(pod *corev1.Pod, namespace string, injection Injection) {
	if h.Events == nil {
		return
	}
	regarding := pod.DeepCopy()
	regarding.Namespace = namespace
	var object runtime.Object = regarding
	name := pod.Name
	if pod.Name == "" {
		name = pod.GenerateName + "*"
		if owner := ownerReference(pod, namespace); owner != nil {
			object = owner
		}
	}
	h.Events.Eventf(object, nil, corev1.EventTypeWarning, "NotInjected", "Inject", "pod %s: %s", name, injection.Event)
}

func ownerReference(pod *corev1.Pod, namespace string) *corev1.ObjectReference {
	for _, o := range pod.OwnerReferences {
		if o.Controller != nil && *o.Controller {
			return &corev1.ObjectReference{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: namespace, Name: o.Name, UID: o.UID}
		}
	}
	return nil
}
