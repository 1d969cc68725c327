// Command plain serves a recording by weft's own server, internal/xds, and
// nothing else of weft: no Kubernetes, no engine, and no TLS. What it costs is
// what the server costs, to be compared with test/bench/fleet/baseline.
package main
