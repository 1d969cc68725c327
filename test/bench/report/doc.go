// Package main turns what the benches measured into what people read: rows of
// numbers into docs/performance.json, and that into docs/performance.md, where
// each goal stands beside what is physically possible, what others need and
// what weft needs. It compares two commits, too. It measures nothing itself;
// the Makefile calls it after the benches.
package main
