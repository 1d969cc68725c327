// Package kube turns Kubernetes' own objects, and the MeshConfig, into model
// fragments and diagnostics.
//
// It owns what one object says by itself: which protocol a port speaks, which
// endpoints take new connections, whom a pod is. How objects belong together
// is translators/resolve's to tell. It is pure and tolerant, as translators/smi
// is for SMI.
//
// A nil fragment means that the object concerns no traffic of the mesh. The
// controllers call it for every object that they see.
package kube
