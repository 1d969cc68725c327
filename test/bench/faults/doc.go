// Faults measures what clients that misbehave cost the others: a real controller
// with a real API server serves a fleet of sidecars (test/bench/fleet), while
// some connect in a loop, with a token and without, refuse all, read nothing, ask
// for a million names or never answer. And it counts the pushes of one `kubectl
// apply` of many objects.
//
// It owns the misbehaviour (client.go) and its figures; `make bench-faults` runs
// it. That each is cut off and counted is tested in internal/xds.
package main
