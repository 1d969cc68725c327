// Package cluster is a control plane to measure: an API server with etcd, a
// mesh of as many Services and pods as one likes in it, and `weft controller`
// as a process of its own. Nothing runs in the pods: their status is written.
//
// It owns the objects and the processes, and reads what a process costs. Who
// connects to the controller, and what is measured, is for the caller:
// test/bench/fleet.
package cluster
