// Package server is the server of the compatibility suite: HTTP/1.1 that writes any bytes, HTTP/2 alone, gRPC, TCP and
// UDP, each on a port of its own, in one process.
//
// It does what its clients say, in the path or the first line that they send, and keeps no state, so the same server
// serves all cases at once. Nothing of it knows a mesh.
package server
