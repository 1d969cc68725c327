package webhooks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/smi"
	"github.com/weft-mesh/weft/translators/versions"
)

// ObjectHandler answers /validate: it tells the author of an SMI object or of
// the MeshConfig at once what its condition would tell a moment later.
type ObjectHandler struct{}

// Handle refuses an object that can never work, and warns of what does not work
// yet or may not be meant. What was wrong before an update does not stand in
// that update's way: a finalizer must come off a wrong object too.
func (ObjectHandler) Handle(_ context.Context, request admission.Request) admission.Response {
	if request.Operation != admissionv1.Create && request.Operation != admissionv1.Update {
		return admission.Allowed("")
	}
	object, diagnostics, err := judge(request.Object.Raw)
	if err != nil {
		return admission.Errored(http.StatusBadRequest, fmt.Errorf("%s %s/%s: %w", request.Kind.Kind, request.Namespace, request.Name, err))
	}
	if object.DeletionTimestamp != nil {
		return admission.Allowed("")
	}
	known := map[string]bool{}
	if request.Operation == admissionv1.Update {
		if _, before, err := judge(request.OldObject.Raw); err == nil {
			for _, d := range before {
				known[d.Text()] = true
			}
		}
	}
	var refusals, warnings []string
	for _, d := range diagnostics {
		if refuses(d) && !known[d.Text()] {
			refusals = append(refusals, d.Text())
		} else {
			warnings = append(warnings, d.Text())
		}
	}
	if len(refusals) > 0 {
		return refused(strings.Join(refusals, "; "), warnings)
	}
	return admission.Allowed("").WithWarnings(warnings...)
}

// refuses tells a mistake that nothing but a change of the object can mend.
func refuses(d model.Diagnostic) bool {
	return !d.Warning && d.Condition == model.ConditionAccepted
}

func refused(message string, warnings []string) admission.Response {
	return admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{
		Allowed: false,
		Result: &metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid, Message: message,
		},
		Warnings: warnings,
	}}
}

// judge gives what is to be said of one object. One that is not weft's business
// has nothing to be said of.
func judge(raw []byte) (metav1.ObjectMeta, []model.Diagnostic, error) {
	var head metav1.PartialObjectMetadata
	if err := json.Unmarshal(raw, &head); err != nil {
		return metav1.ObjectMeta{}, nil, fmt.Errorf("read metadata: %w", err)
	}
	if head.Kind == string(model.KindMeshConfig) && head.APIVersion == v1alpha1.GroupVersion.String() {
		diagnostics, err := judgeMeshConfig(raw)
		return head.ObjectMeta, diagnostics, err
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		return metav1.ObjectMeta{}, nil, fmt.Errorf("read object: %w", err)
	}
	fragment, diagnostics, err := smi.Convert(object)
	if errors.Is(err, smi.ErrUnknownKind) {
		err = nil
	}
	if t, ok := fragment.(*model.Target); ok && head.APIVersion == versions.Latest(model.KindTrafficTarget) {
		diagnostics = append(diagnostics, keptPort(object, t)...)
	}
	return head.ObjectMeta, diagnostics, err
}

// keptPort tells the author of a TrafficTarget of what an older version left in
// it, and the one that is written has no field for.
func keptPort(object map[string]any, t *model.Target) []model.Diagnostic {
	d := model.Diagnostic{
		Object: t.Ref(), Condition: model.ConditionAccepted, Warning: true, Reason: model.ReasonAccepted,
		Field: versions.Field(model.KindTrafficTarget, versions.Latest(model.KindTrafficTarget), versions.PortField),
	}
	switch {
	case t.Port != 0:
		d.Message = fmt.Sprintf("an older version's destination.port narrows all of it to port %d; remove the annotation to allow every port", t.Port)
	case versions.StalePort(object):
		d.Message = "it keeps a port of another destination, which means nothing now; remove the annotation, and name a TCPRoute for a port"
	default:
		return nil
	}
	return []model.Diagnostic{d}
}

func judgeMeshConfig(raw []byte) ([]model.Diagnostic, error) {
	var object v1alpha1.MeshConfig
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	mesh, diagnostics := kube.Mesh(&object)
	if object.Name != v1alpha1.MeshConfigName {
		diagnostics = append(diagnostics, model.Diagnostic{
			Object: mesh.Ref(), Condition: model.ConditionAccepted, Reason: model.ReasonInvalid, Field: "metadata.name",
			Message: fmt.Sprintf("%q is not the mesh's MeshConfig; name it %q", object.Name, v1alpha1.MeshConfigName),
		})
	}
	return diagnostics, nil
}
