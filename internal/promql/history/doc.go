// Package history keeps what sidecars counted, workload by workload, for at most
// an hour: sums that only grow, and what they were every few seconds.
//
// It is a figures.Ledger. It bounds itself: in time, in series, in those of one
// workload, and in bytes, where the oldest goes first. What a workload counted
// goes when the workload has been gone for as long as anything is kept. It knows
// neither the names nor the labels of Prometheus: internal/promql, which reads
// it, gives them.
package history
