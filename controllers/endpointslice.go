package controllers

import (
	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/kube"
	"github.com/weft-mesh/weft/translators/model"
)

func endpointSliceFeed() feed {
	return feed{kind: model.KindEndpointSlice, object: &discoveryv1.EndpointSlice{}, convert: func(o client.Object) (model.Fragment, []model.Diagnostic) {
		s, ok := o.(*discoveryv1.EndpointSlice)
		if !ok {
			return nil, nil
		}
		return generic(kube.EndpointSlice(s)), nil
	}}
}
