// Package webhooks answers the API server while an object is being written: it
// puts the sidecar into pods, and refuses SMI objects that can never work.
//
// Both are pure functions with a thin admission handler around them. Inject
// turns a pod into a meshed pod; translators/smi judges the SMI objects. The
// package reads nothing from the cluster: which namespaces are in the mesh is
// the API server's to select (config/webhook). It writes nothing but Events,
// and none on a dry run.
//
// cmd/weft calls Register.
package webhooks
