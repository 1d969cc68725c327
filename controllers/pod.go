package controllers

import (
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
)

func podFeed() feed {
	return feed{kind: model.KindPod, object: &corev1.Pod{}, convert: func(o client.Object) (model.Fragment, []model.Diagnostic) {
		p, ok := o.(*corev1.Pod)
		if !ok {
			return nil, nil
		}
		fragment, diagnostics := kube.Pod(p)
		return generic(fragment), diagnostics
	}}
}
