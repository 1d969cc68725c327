// Package compatibility tests that what works without a mesh works in it: the same server and the same client, in a
// meshed namespace and in one outside of the mesh, and the same rows of what is sent and seen (package table).
//
// Each row of the table is a spec, once for each address family of the cluster. It fails where the mesh gives what the
// row does not say, and where the cluster without the mesh does. Clients run all rows of a group in one exec, so most
// of the time is that of the rows that wait. `make compatibility` runs it, ARGS='-only REGEX' some of it.
package compatibility
