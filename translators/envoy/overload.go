package envoy

import (
	"fmt"
	"strings"
)

// MemoryBound is configuration, as Envoy's --config-yaml takes it, that keeps a
// sidecar's heap below the memory limit of its container, in bytes or as a
// variable that the kubelet expands. What is over the bound is refused alone:
// first the streams that hold most are reset, then new requests get 503, then
// new connections are closed. The shares leave room for what is not heap.
func MemoryBound(limit string) string {
	return fmt.Sprintf("overload_manager: {refresh_interval: 0.25s, buffer_factory_config: {minimum_account_to_track_power_of_two: %d}, "+
		"resource_monitors: [{name: %s, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig, max_heap_size_bytes: %s}}], "+
		"actions: [%s]}",
		trackedBuffer, heapMonitor, limit, strings.Join([]string{
			scaled("envoy.overload_actions.reset_high_memory_stream", 0.60, 0.80),
			above("envoy.overload_actions.shrink_heap", 0.70),
			above("envoy.overload_actions.stop_accepting_requests", 0.80),
			above("envoy.overload_actions.reject_incoming_connections", 0.85),
		}, ", "))
}

const (
	heapMonitor = "envoy.resource_monitors.fixed_heap"
	// trackedBuffer is the power of two from which on a stream's buffers are
	// counted: a stream that is read as fast as it is written holds less.
	trackedBuffer = 15
)

func above(action string, share float64) string {
	return fmt.Sprintf("{name: %s, triggers: [{name: %s, threshold: {value: %.2f}}]}", action, heapMonitor, share)
}

func scaled(action string, from, to float64) string {
	return fmt.Sprintf("{name: %s, triggers: [{name: %s, scaled: {scaling_threshold: %.2f, saturation_threshold: %.2f}}]}", action, heapMonitor, from, to)
}
