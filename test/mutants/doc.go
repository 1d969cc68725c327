// Command mutants proves the conformance suite: it builds weft with one mistake
// at a time, runs it in a lab, and tells which conformance tests catch it. A
// mistake that no test catches is a hole in the suite, and fails the run.
//
// It owns the catalogue of mistakes and the table of docs/conformance.md. It
// knows the suite by its command line and its report alone. `make mutants` calls
// it.
package main
