// Command summary ends a test run with one plain line: how many tests passed, failed and were skipped, with the
// names of the last two kinds.
//
// It reads `go test -json` on standard input, or with -ginkgo the JSON report of a ginkgo suite. Its exit code is 1
// if anything failed, a package did not build, or no test ran at all. The Makefile is its only caller.
package main
