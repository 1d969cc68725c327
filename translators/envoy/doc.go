// Package envoy builds Envoy's resources from views, one builder a view. It
// owns every xDS name, port and header of the data plane, and the bootstrap of
// a sidecar.
//
// It is pure: equal views give equal bytes. It knows nothing of Kubernetes, of
// who is connected, or of the mesh beyond its view. internal/engine calls it,
// webhooks use its names.
//
// What Envoy 1.40 does with these shapes was tried on it, not read: see
// docs/adr.
package envoy
