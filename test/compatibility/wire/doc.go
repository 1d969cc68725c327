// Package wire reads HTTP/1.1 messages as they are on the wire: header names keep their spelling and order, trailers
// and the framing are seen, and nothing is refused that can be made sense of.
//
// Go's own client and server mend or refuse what is odd; the compatibility suite is about what is odd. Both its server
// and its cases read by this package.
package wire
