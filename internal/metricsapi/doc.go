// Package metricsapi serves metrics.smi-spec.io as an aggregated API: with the
// caller's rights asked of the API server, real errors, discovery, OpenAPI,
// tables for kubectl, selectors, pages and watches.
//
// It owns what a request means and what is written back. What was counted comes
// from a figures.Source, what exists from an Inventory, and the values from
// package report. cmd/weft starts it.
package metricsapi
