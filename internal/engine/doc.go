// Package engine turns fragments into what each proxy runs. It owns the graph
// of translators/resolve, the resources built from its views, the proxy
// classes, and all goroutines and locks between a reconciler's Put and an xDS
// stream's Snapshot.
//
// controllers call Put, Delete and Synced; internal/xds calls Connect and the
// Member it gets; controllers read Status back. It knows neither Kubernetes
// nor gRPC, and builds no proto itself (translators/envoy does).
//
// What a change makes dirty is rebuilt from comparable views, so an equal view
// costs no bytes, and an equal byte no push. A Service is built once (unit.go),
// what the proxies of a set of identities see of the mesh exists once
// (sight.go), and a class adds its own side to it (class.go): from what is dirty
// to who must be told there is an index, never a search. Endpoints go out at once; policy
// goes out at once when it comes alone, and in a burst ever more
// seldom (pace.go). A resource that cannot be built, or does not validate, keeps its
// last good version.
package engine
