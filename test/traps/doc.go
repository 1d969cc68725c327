// Package traps has no code: its test holds docs/traps.md and the tests that the
// page names to each other. What a trap means is tested where it is cheapest,
// never here. `make unit` runs it.
package traps
