package smi

import (
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/versions"
)

// quantityDiagnostics says of the weights of v1alpha1 what is wrong with them
// as quantities. They are not brought to whole numbers where one is none.
func quantityDiagnostics(root node, diagnostics []model.Diagnostic) []model.Diagnostic {
	wrong := map[string]error{}
	entries, _ := root.field("spec").field("backends").items()
	for _, entry := range entries {
		weight := entry.field("weight")
		wrong[weight.path] = versions.CheckQuantity(weight.value)
	}
	var kept []model.Diagnostic
	for _, d := range diagnostics {
		err, isWeight := wrong[d.Field]
		if isWeight && err == nil {
			continue
		}
		if isWeight {
			d.Message = err.Error()
		}
		kept = append(kept, d)
	}
	return kept
}
