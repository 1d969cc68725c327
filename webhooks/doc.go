// Package webhooks answers the API server: it puts the sidecar into pods,
// refuses SMI objects that can never work, and gives them in the version that
// somebody asks for.
//
// All are pure functions with a thin handler around them. Inject turns a pod
// into a meshed pod; translators/smi judges the SMI objects, and
// translators/versions converts them. The
// package reads nothing from the cluster: which namespaces are in the mesh is
// the API server's to select (config/webhook). It writes nothing but Events,
// and none on a dry run.
//
// cmd/weft calls Register.
package webhooks
