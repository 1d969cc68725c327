// Package simulate answers what Envoy would do with a call, by evaluating the
// resources that translators/envoy built: which chain takes the connection,
// where the request is routed and in what shares, and whether the server lets
// it in.
//
// It interprets the resources themselves, not the views they were built from,
// so that a test of behaviour is a test of what is sent. It knows as much of
// Envoy as weft uses, and fails loudly on the rest. Tests and `weft explain`
// call it.
package simulate
