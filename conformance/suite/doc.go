// Package suite runs conformance tests against a mesh.
//
// It owns the registry of tests, the base fixtures that all tests share, what a test may ask of a cluster (Env) and
// the results of a run. It does not know a single test, the features' wording, or how a report is written. The package
// tests registers with it; cmd/smi-conformance and the module's own `go test` call Run.
package suite
