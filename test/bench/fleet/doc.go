// Command fleet measures what a change costs a control plane and its proxies:
// up to thousands of simulated sidecars (test/bench/fleet/sidecars), each with a
// connection of its own, behind a real `weft controller` with a real API server
// (test/bench/fleet/cluster), and then behind other servers that serve the very
// same (test/bench/fleet/plain and baseline).
//
//	fleet -services 100,1000 -proxies 1000 -out bin/bench/fleet.json
//
// It owns what is done to them (bench.go, events.go, life.go, others.go) and the
// rows that say what came of it (row.go). docs/performance.md is made of them.
package main
