package main

// reasons say in a sentence what stands between weft and a goal that it misses.
// The page has those of goals that are missed in what was measured last.
var reasons = map[string]string{
	"G1":  "What is left is TLS, gRPC and a goroutine to wake for each proxy. In plaintext weft's server alone needs about as much CPU as the floor server; the time is that CPU on two cores, which a thousand simulated sidecars share.",
	"G2":  "As G1; what a weight takes beyond an endpoint is the status of the TrafficSplit, written and read back, and the garbage collector, which has more to mark the more Services there are.",
	"G3":  "A third of the time is the control plane's (0.4 ms from the change to the bytes on the wire), half is Envoy's main thread taking in the scope, and the rest is the request itself, which passes two sidecars where the floor's passed one; on two cores they wait for each other.",
	"G4":  "Each of the 400 Services is three messages, written and hashed (3 µs), and thirty allocations and a dozen entries of indices, by which later changes are found (7 µs).",
	"G5":  "Little of it is garbage: 1.7 kB of a Service are its three messages as they are sent, and most of the rest is kept, to tell whom the next changes concern.",
	"G6":  "A connection carries 1.5 MB, a cluster, endpoints and a scope for each of the thousand Services, and to write that to a socket is most of a millisecond by itself. The handshake and encryption (0.5 ms), a certificate (0.15 ms) and the review of the token come to it; the time is also that of the clients, which decrypt and read it on the same two cores.",
	"G8":  "A TrafficTarget sends its server's policy of 6 kB anew, which is copied and hashed, and in a mesh of 10,000 Services none of what is looked up is in the processor's caches.",
	"G9":  "gRPC's transport and goroutines are 40 kB of it, as with the floor server; TLS adds two buffers and its state, and the rest is memory that the runtime has not given back since the burst.",
	"G12": "Requests keep their version of HTTP (ADR 27), so each that is under way has a connection of its own, as in the naive pair; HTTP/2 between the sidecars saved half of the system calls and was 0.74 of it, but ended others' requests with one's own. What weft adds in user space: figures by label, policy, headers that callers may not set, the caller's name, header names as they were written, and one regex for the path. Measured alone, beside other work on the machine, two rounds: 1.09 and 1.23.",
	"G14": "Envoy keeps 23 kB for a cluster, 6 kB for its subscription to endpoints, 6 kB for its scope and 24 kB for its TLS context, which clusters can't share, and no setting makes these smaller without verifying less. With ten callable Services 13.8 MB are the least Envoy, 1.1 MB listeners, figures and the control plane's connection, 0.6 MB the ten Services and 0.4 MB Lua for the page of metrics.",
	"G15": "Half of the time of a certificate is the standard library's, which verifies each signature that it has made; the same code has made from 6,100 to 8,600 a second on this machine, from one minute to another.",
	"G18": "A lone change is not held back at all, which a test shows with a clock of its own. What is measured is the time from the API server's answer to the first of a thousand ACKs: the watch, the controller, Envoy's side as simulated, all of it on two cores.",
	"F3":  "kubectl halted for more than a second on the way, which ends a burst: what came before goes out, and the next change at once.",
}
