// Package figures knows how much traffic there was lately: who called whom, how
// often, how fast, with what success.
//
// It owns the reading of what sidecars count (Prometheus protobuf or text), the
// differences between two readings, and the sliding windows over them. It bounds what one
// sidecar can cost, and forgets a pod that is gone. It keeps nothing on disk: a
// replica that starts knows what was counted since it has looked.
//
// It does not know Kubernetes: the pods come from a Targets. It decides what a
// series means by the names in translators/envoy alone. cmd/weft starts it,
// internal/metricsapi asks it, through Source.
package figures
