package controllers

import (
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
)

func serviceFeed() feed {
	return feed{kind: model.KindService, object: &corev1.Service{}, convert: func(o client.Object) (model.Fragment, []model.Diagnostic) {
		s, ok := o.(*corev1.Service)
		if !ok {
			return nil, nil
		}
		return generic(kube.Service(s)), nil
	}}
}
