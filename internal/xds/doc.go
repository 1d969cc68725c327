// Package xds serves Envoy proxies with their configuration: an aggregated
// discovery service that speaks the delta protocol.
//
// It owns the streams: whom a stream belongs to, what its proxy asked for, has
// and has acknowledged, in which order a change is sent, what happens to a
// resource that a proxy refuses, and when a certificate is renewed. What is the
// same for many proxies exists once: resources are encoded when they are made,
// layers of sets and the differences between them are shared (layer.go,
// diff.go), and a stream holds a reference to the set that its proxy is at.
//
// It does not own what a proxy is to run (internal/engine implements Fleet), nor
// certificates (internal/identity makes them).
//
// To read on: server.go accepts, admission.go bounds what one pod can cost, with
// the ends in ending.go, stream.go is the loop of one proxy, request.go
// takes in what it asks, stage.go says what is sent when, lane.go works out what
// a proxy lacks, nack.go isolates what is refused, demand.go serves clusters
// asked for by name, secrets.go the certificates.
package xds
