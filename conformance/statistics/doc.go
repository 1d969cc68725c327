// Package statistics judges counts of answers against weights, without luck.
//
// Whoever serves by weight at random never serves them exactly. So each verdict states its sample and its confidence,
// and is computed from the binomial distribution itself, not from an approximation: a count is wrong if a mesh that
// keeps the weights would show it, or one further out, less often than the confidence leaves room for. Nothing is
// repeated until it fits, since that lets a wrong mesh pass.
//
// It owns the arithmetic alone. The tests of TrafficSplit call it with what Env.Measure counted.
package statistics
