// Package record writes what a bench measured: one flat object a figure, by the
// field names of docs/performance.json, in a file that holds all so far, so
// that a bench that is ended early has still said what it saw.
//
// Called by test/bench/fleet, faults and proxy. What the figures mean is known
// to test/bench/report alone.
package record
