// Package conformance is the conformance suite of the Service Mesh Interface as a `go test`:
//
//	go test . -adapter adapters/weft.yaml
//
// It does what `smi-conformance run` does. The packages below it hold the parts: features (what is asked), tests (how it
// is tested), suite (what runs them), actors (what runs in pods), adapter (the mesh under test), statistics, and report.
package conformance
