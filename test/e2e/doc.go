// Package e2e tests weft from outside, as a user sees it: SMI YAML goes in through kubectl's API, and real requests
// go from real pods through real Envoys. It runs in the cluster that KUBECONFIG names, where weft is installed, and
// is skipped where there is none; `make e2e` starts a lab for it.
//
// Every spec has a namespace of its own. A pod called client or thief runs fortio with a few doors (fortio -P): a
// connection to a door becomes one from that pod, so a spec can call from inside the mesh connection by connection.
// Load is made by fortio in the pod itself.
package e2e
