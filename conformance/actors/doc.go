// Package actors is what runs in the pods of the suite: a server that says who it is over HTTP, gRPC, TCP and UDP, and
// a caller that makes the calls that it is told and says who answered.
//
// It knows neither Kubernetes nor SMI. The suite talks to a caller over standard input and output of `smi-conformance
// call`; cmd/smi-conformance starts both.
package actors
