// Package cluster is what the end-to-end tests and the demo do in a Kubernetes cluster: apply YAML, wait for
// objects, run commands in pods, and open connections to them.
//
// It works through the API server alone, so it is the same in the lab and in any other cluster. It knows nothing of
// SMI or of weft but the namespace that weft runs in.
package cluster
