// Package v1alpha1 is weft's own API, group weft.mesh: the MeshConfig, and the
// labels and annotations that users write.
//
// It owns types and names, and no behaviour. The schema with its defaults and
// its validation is config/crd/weft.mesh_meshconfigs.yaml.
//
// +kubebuilder:object:generate=true
// +groupName=weft.mesh
package v1alpha1
