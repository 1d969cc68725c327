package controllers

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/smi"
)

// smiFollowers are for the kinds of SMI. Their CRDs may be installed after
// weft, and be of another product.
func smiFollowers(gates Gates) []*follower {
	var all []*follower
	for _, kind := range reported {
		if kind != model.KindMeshConfig && gates.has(kind) {
			all = append(all, &follower{feed: feed{kind: kind, convert: convertSMI}})
		}
	}
	return all
}

func convertSMI(o client.Object) (model.Fragment, []model.Diagnostic) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return nil, nil
	}
	// An error says that it is not SMI, which the informer's kind rules out.
	fragment, diagnostics, _ := smi.Convert(u.Object)
	return fragment, diagnostics
}
