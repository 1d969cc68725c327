// Package inventory reads what exists in the cluster, for internal/metricsapi
// to report on: the pods of the mesh, and the names and labels of what holds
// them.
//
// It owns what is kept in memory for that, which is little of each object. It
// does not count anything, and writes nothing.
package inventory
