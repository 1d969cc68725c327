// Package promql answers the query API of Prometheus about the last hour, with
// Prometheus' own engine.
//
// It owns what series are called: each family (families.go) is a view of what
// internal/promql/history keeps once, by the names and labels of another mesh,
// so that whoever asks for those finds them. It owns the parameters, errors and
// bounds of the API. cmd/weft serves its handler.
package promql
