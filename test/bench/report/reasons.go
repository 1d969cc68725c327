package main

// reasons say in a sentence what stands between weft and a goal that it misses.
// The page has those of goals that are missed in what was measured last.
var reasons = map[string]string{
	"G1": "What is left is TLS, gRPC and a goroutine to wake for each proxy. In plaintext weft's server alone needs about as much CPU as the floor server; the time is that CPU on two cores, which a thousand simulated sidecars share.",
	"G2": "As G1; what a weight takes beyond an endpoint is the status of the TrafficSplit, written and read back, and the garbage collector, which has more to mark the more Services there are.",
	"G4": "Each of the 400 Services is three messages, written and hashed (3 µs), and thirty allocations and a dozen entries of indices, by which later changes are found (7 µs).",
	"G5": "Little of it is garbage: 1.7 kB of a Service are its three messages as they are sent, and most of the rest is kept, to tell whom the next changes concern.",
	"G6": "A connection carries 1.5 MB, a cluster, endpoints and a scope for each of the thousand Services, and to write that to a socket is most of a millisecond by itself. The handshake and encryption (0.5 ms), a certificate (0.15 ms) and the review of the token come to it; the time is also that of the clients, which decrypt and read it on the same two cores.",
	"G8": "A TrafficTarget sends its server's policy of 6 kB anew, which is copied and hashed, and in a mesh of 10,000 Services none of what is looked up is in the processor's caches.",
	"G9": "gRPC's transport and goroutines are 40 kB of it, as with the floor server; TLS adds two buffers and its state, and the rest is memory that the runtime has not given back since the burst.",
	"F3": "kubectl halted for more than a second on the way, which ends a burst: what came before goes out, and the next change at once.",
}
