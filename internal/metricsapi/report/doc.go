// Package report turns counted traffic into TrafficMetrics: it adds up rows of
// figures by the resource that holds the pods, finds edges, and writes the
// values as SMI wants them.
//
// It is pure: what exists comes in a Cluster, what was counted as rows. It does
// not know of HTTP, of who asks, or of tables. internal/metricsapi calls it.
package report
