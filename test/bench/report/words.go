package main

// The words of the page around its tables.
const (
	intro = `<!-- Generated from performance.json by make bench: do not edit. -->
# Performance

What a change costs depends on what it touches, not on the size of the mesh. This page says how far that is true: each goal beside what physics allows on two cores, what other meshes and xDS caches need for the same, and what weft needs. What is **bold** misses its bound.

Measured at commit %s on %s, by %s. The other meshes were measured on a machine of the same kind, by their own benchmarks or their own servers with as many clients: Istio 1.31-alpha, OSM's last commit, Kuma 2.14, go-control-plane 0.14. Times vary from run to run, and by a factor of two or more where something else runs; allocations, bytes and instructions repeat within a percent. All figures are in [performance.json](performance.json).

How to read it: a *proxy* is a sidecar, the Envoy beside each pod of the mesh; the controller sends it its configuration and it answers with an *ACK* when it runs it. A proxy *may call* the Services that TrafficTargets let its ServiceAccount call. A *bound* is not an average of others but what a design without waste should reach on this machine; most are several times better than the best of the others. "–" was not measured, or is not known.

## Goals

weft is measured as it runs: its controller with a real API server and TLS. The floor and the others had neither; "in plaintext" is what weft's xDS server alone needs for the same.

`
	fairnessIntro = `
## Fairness

What those pay who do nothing wrong. All that one client may cost is bounded ([operations](operations.md#a-proxy-is-cut-off)), and so is what an apply of many objects may ([what an operator sees](operations.md#programmed-does-not-become-true)).

`
	faultsIntro = `
## What misbehaviour costs the others

The controller as in the fleet. A weight changes again and again and has to reach all sidecars that behave, while clients with a pod's token each do one thing only: connect, refuse what they are sent, read nothing, ask for a million names, ask and never answer, or connect without a token; "all-of-these" is one client for each. They run on the same two cores. "Peak" is the controller's greatest memory meanwhile. Then one kubectl applies many objects, a tenth of which concern every sidecar.
`
	modelIntro = `
## What a change costs in the compiler

No network: from the object to snapshots that are ready to send. Each Service has a ServiceAccount of its own, ten pods, and a TrafficTarget that lets ten others call it; one pod of each Service has a connected proxy. "Enforcing" meshes have TrafficTargets in force; in "permissive" ones everybody sees everything, so a change touches everybody. "Built" counts resources that were made anew, "touched" proxies that are sent something; "op" is one such change. "growth" is the same changes in a mesh of as many Services but more endpoints or TrafficTargets. Go's allocations and their bytes don't depend on the machine, nanoseconds do.
`
	fleetIntro = `
## What a change costs in a fleet

The controller as a process, fed by a real API server, with as many clients as real sidecars would be: each with a connection, a token and acknowledgements of its own, on the same two cores. The floor is a server that encodes once and sends the same to all, without asking who may see what. go-control-plane's caches stand behind the same clients.

"Last ack" is from the write until the last proxy has acknowledged it, over so many rounds; "half acked" until half of them have. CPU is the server's, bytes are what it sent, both for each proxy. "weft" is the controller, "weft-plain" its server alone and without TLS, fed with what the controller served. "Live" memory is what is left after a collection of garbage, "rss" what the kernel gave. "slow-clients" has one proxy in a hundred read slowly, "restart" kills the controller under its fleet, "churn" changes endpoints without a pause; its "lone delay" is from the API server's answer for one change to the first ACK. "Load" is how many processes ran or waited on the two cores, the bench's own with them.
`
	proxyIntro = `
## What a request costs in a sidecar

The real Envoy 1.40 with one worker, fed by weft; client, application and sidecars share two cores.

"start" is a sidecar that has done nothing yet: its private memory, and how long until it is ready. "scrape" is its page of metrics. "pair" is a request through two sidecars by 16 connections, with weft's configuration and with a naive one that does the same (HTTP/1.1 between them, a list of rules); "pair-by-size" is weft's in meshes of several sizes. "rbac" and "regex-routes" are the server's sidecar alone, by how many callers are allowed and how many matches an HTTPRouteGroup has. "weight-first-request" is from a new weight in the controller to the first request that follows it.
`
)
