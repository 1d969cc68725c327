package controllers

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/smi"
)

// smiFeeds are the kinds of SMI. Their CRDs may be installed after weft.
func smiFeeds(gates Gates) []feed {
	var all []feed
	for _, kind := range reported {
		if kind != model.KindMeshConfig && gates.has(kind) {
			all = append(all, feed{kind: kind, object: newUnstructured(kind), optional: true, convert: convertSMI})
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
