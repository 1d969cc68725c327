// Package network makes network namespaces, the links between them, and the
// programs and connections in them. It owns nothing of weft. Tests and benches
// call it, as root.
package network
