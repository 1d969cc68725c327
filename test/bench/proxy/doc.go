// Command proxy measures what weft's configuration costs in real Envoys, and
// writes what it saw as JSON: `make bench-proxy`.
//
// The engine and the xDS server run in this process, without an API server,
// which adds nothing to what an Envoy costs. Pods are network namespaces with
// the rules of `weft init`; each sidecar is a real Envoy with the injector's
// bootstrap. It takes root. Envoys have the last CPU for themselves, and all
// else the others; where the time to a change is measured Envoys have all.
package main
