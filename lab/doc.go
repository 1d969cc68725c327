// Command lab builds and runs a single-node Kubernetes for weft's tests and its demo, with nothing but Go modules,
// a few Debian packages and the Envoy wheel.
//
// It owns: what is built and at which version (pins/, build.go, parts.go, image.go, store.go), the namespaces that a cluster
// lives in (keeper.go, namespaces.go, cgroups.go), the cluster itself (node.go, components.go), and the list of
// clusters that run on this machine (registry.go). It knows of weft only the binary, the image and config/default.
//
// A cluster is three processes of this binary. The keeper stays outside the cluster's namespaces: it starts init,
// and removes what the kernel would not when init ends. Init is process 1 of the cluster: once it dies, the kernel
// kills everything that runs in it. The node starts the components and watches over them.
package main
