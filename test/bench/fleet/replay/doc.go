// Package replay has other servers serve what weft served: a recording of all
// that one sidecar was sent, and of what each event changed, and the words by
// which test/bench/fleet talks to a server that runs as a process of its own.
//
// It owns the recording's form and those words. Who serves it is in
// test/bench/fleet/plain (weft's own server, without the rest of weft) and
// test/bench/fleet/baseline.
package replay
