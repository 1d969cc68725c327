package kube

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/weft-mesh/weft/api/v1alpha1"
	"github.com/weft-mesh/weft/translators/model"
)

// Namespace converts a Namespace. A label of an unknown value is as good as
// none, which is the stricter one where one is.
func Namespace(object *corev1.Namespace) (*model.Namespace, []model.Diagnostic) {
	n := &model.Namespace{
		Name: object.Name, Access: model.AccessUnset, MTLS: model.MTLSStrict,
		Leaving: object.Labels[v1alpha1.LabelInject] == v1alpha1.InjectDisabled,
	}
	var diagnostics []model.Diagnostic
	refuse := func(label, value, mend string) {
		diagnostics = append(diagnostics, refusal(n.Ref(), "metadata.labels["+label+"]", fmt.Sprintf("%q is not supported; %s", value, mend)))
	}
	switch value := object.Labels[v1alpha1.LabelAccess]; value {
	case "":
	case string(v1alpha1.AccessEnforcing), string(v1alpha1.AccessPermissive):
		n.Access = model.Access(value)
	default:
		refuse(v1alpha1.LabelAccess, value, "write enforcing or permissive; the mesh's setting holds")
	}
	switch value := object.Labels[v1alpha1.LabelMTLS]; value {
	case "", v1alpha1.MTLSStrict:
	case v1alpha1.MTLSPermissive:
		n.MTLS = model.MTLSPermissive
	default:
		refuse(v1alpha1.LabelMTLS, value, "write strict or permissive; strict holds")
	}
	if value := object.Labels[v1alpha1.LabelDefaultProtocol]; value != "" {
		var known bool
		if n.DefaultProtocol, known = defaultProtocol(value); !known {
			refuse(v1alpha1.LabelDefaultProtocol, value, "write tcp, http or detect; the mesh's setting holds")
		}
	}
	return n, diagnostics
}
