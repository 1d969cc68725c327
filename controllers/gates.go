package controllers

import "github.com/weft-mesh/weft/translators/model"

// Gates are the feature gates: parts of the specification that were never
// released, and may still change. All are off by default.
type Gates struct {
	// IdentityBinding takes in the IdentityBindings of access v1alpha4.
	IdentityBinding bool
}

// has tells whether the objects of a kind are taken in.
func (g Gates) has(kind model.Kind) bool {
	return kind != model.KindIdentityBinding || g.IdentityBinding
}
