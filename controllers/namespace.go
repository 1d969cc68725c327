package controllers

import (
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
)

func namespaceFeed() feed {
	return feed{kind: model.KindNamespace, object: &corev1.Namespace{}, convert: func(o client.Object) (model.Fragment, []model.Diagnostic) {
		n, ok := o.(*corev1.Namespace)
		if !ok {
			return nil, nil
		}
		fragment, diagnostics := kube.Namespace(n)
		return generic(fragment), diagnostics
	}}
}
