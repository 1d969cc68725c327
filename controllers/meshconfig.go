package controllers

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
)

// meshConfigFeed reads it unstructured, for the reason that SMI is: a stored
// object of an older schema must not stop the mesh.
func meshConfigFeed() feed {
	return feed{kind: model.KindMeshConfig, object: newUnstructured(model.KindMeshConfig), optional: true, convert: convertMeshConfig}
}

// convertMeshConfig takes the one of the right name; all others are void.
func convertMeshConfig(o client.Object) (model.Fragment, []model.Diagnostic) {
	m, err := meshConfigOf(o)
	if err != nil {
		return nil, []model.Diagnostic{voidMeshConfig(o, err.Error())}
	}
	if m.Name != v1alpha1.MeshConfigName {
		return nil, []model.Diagnostic{voidMeshConfig(o, fmt.Sprintf(
			"only the MeshConfig %q is in force; change that one and delete this", v1alpha1.MeshConfigName))}
	}
	fragment, diagnostics := kube.Mesh(m)
	return generic(fragment), diagnostics
}

func meshConfigOf(o client.Object) (*v1alpha1.MeshConfig, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return nil, fmt.Errorf("meshconfig %s: read as %T", o.GetName(), o)
	}
	m := &v1alpha1.MeshConfig{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, m); err != nil {
		return nil, fmt.Errorf("meshconfig %s can't be read, the defaults hold; mend it: %w", o.GetName(), err)
	}
	return m, nil
}

func voidMeshConfig(o client.Object, message string) model.Diagnostic {
	return model.Diagnostic{
		Object:    refOf(model.KindMeshConfig, o),
		Condition: model.ConditionAccepted,
		Reason:    model.ReasonInvalid,
		Message:   message,
	}
}
