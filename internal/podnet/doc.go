// Package podnet leads a pod's TCP, and its UDP to Services, through its
// sidecar: it is what `weft init` does, once, in the network namespace of a pod.
//
// It owns the one nftables table "inet weft", the one address ::6 on lo and the
// one local route fd6d:6573:6800::/64, and it alone knows the syntax of the exclusions that a pod may ask for. It does
// not know Kubernetes or Envoy beyond the ports and the user id they agreed on.
// The table is replaced as a whole, in one transaction, so that running twice
// is the same as running once. CAP_NET_ADMIN is the only privilege it needs.
//
// cmd/weft calls Apply; webhooks parses annotations with Parse.
package podnet
