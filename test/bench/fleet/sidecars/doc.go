// Package sidecars is a fleet of simulated sidecars: clients of the delta
// protocol, each with a TCP connection of its own, that ask as Envoy does and
// answer at once. They run nothing of what they get.
//
// It owns what a sidecar says and when: asking for the endpoints of clusters
// that it was sent and for the routes of listeners, acknowledging, going on
// after a reconnect from the versions that it holds. To be cheap, a resource is
// decoded once for the fleet (table.go); a sidecar holds numbers of versions.
//
// test/bench/fleet measures control planes by it. What they serve, and how it
// came to be there, is not known here.
package sidecars
