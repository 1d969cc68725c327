// Command baseline serves a recording (test/bench/fleet/replay) as others would,
// to the same sidecars: by go-control-plane's LinearCache, by its SnapshotCache
// with a snapshot for each proxy, and by a floor: a server that encodes once and
// sends the same bytes to everybody, whoever needs them.
package main
