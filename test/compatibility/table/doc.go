// Package table is what the compatibility suite tries: rows of what a client sends, what the server does, and what the
// client must then have seen, without a mesh and in one.
//
// A row is a Case. Its Want is what is seen with nothing between client and server, which the package's own test checks
// over loopback; a mesh must give the same, unless the row has a Difference, which says what and why. The tables are by
// subject, one a file. Run runs them in a pod, `test/compatibility` compares.
package table
