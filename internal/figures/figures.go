package figures

import (
	"iter"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// Workload is who calls or answers, as SMI metrics name it. It is zero for
// somebody outside of the mesh.
type Workload struct {
	Namespace string
	Kind      string // plural and lower-case: "deployments"
	Name      string
}

// Side is whose sidecar counted.
type Side string

// The sides of a call.
const (
	Server Side = "server"
	Client Side = "client"
)

// Key is what one row is of.
type Key struct {
	Side Side
	// Reporter is the pod whose sidecar counted, Node where it runs, and Own
	// the workload that it belongs to.
	Reporter model.Key
	Node     string
	Own      Workload
	// Peer called (server side), or answered (client side; the zero Workload
	// where nobody did).
	Peer Workload
	// PeerIdentity is the SPIFFE ID in the peer's certificate; empty where there
	// was no mutual TLS.
	PeerIdentity string
	// Service was called, Split chose between its backends, Backend is what it
	// chose. Known on the client side only, and zero where there is none.
	Service model.Key
	Split   model.Key
	Backend model.Key
	// Port is the server's own on the server side, the Service's on the client's.
	Port     uint16
	Protocol model.Protocol
}

// Counts are what happened in a window. They are exact: what a sidecar counted
// is in one reading, and each reading is in a window or not.
type Counts struct {
	// Success and Failure are requests, or connections of TCP. A failure is an
	// HTTP status of 5xx, a gRPC status that means the server's fault, a reset,
	// no answer, or a denial.
	Success, Failure uint64
	// Denied are those failures that policy is the reason of: for want of a
	// TrafficTarget, but for those where one lacks a route for the request, and
	// those where the caller showed no certificate of the mesh.
	Denied, DeniedRoute, DeniedCertificate uint64
	// Connections and bytes are of TCP, and of sessions of UDP, that ended.
	Connections, BytesIn, BytesOut uint64
	// OpenSeconds are those that connections of TCP were open, ten at a time.
	OpenSeconds uint64
	// Latency is of requests that were answered.
	Latency Histogram
}

// Add sums what o counted into c.
func (c *Counts) Add(o Counts) {
	c.Success += o.Success
	c.Failure += o.Failure
	c.Denied += o.Denied
	c.DeniedRoute += o.DeniedRoute
	c.DeniedCertificate += o.DeniedCertificate
	c.Connections += o.Connections
	c.BytesIn += o.BytesIn
	c.BytesOut += o.BytesOut
	c.OpenSeconds += o.OpenSeconds
	c.Latency.Merge(o.Latency)
}

// Row is what happened between two workloads, as one pod's sidecar saw it.
type Row struct {
	Key
	Counts
}

// Source answers with what was counted of late.
type Source interface {
	// Rows are those of the window that ends at end, in no order; nothing that
	// had no traffic is among them. With a namespace, only rows that touch it:
	// their Own, Peer, Service, Split or Backend is there. A window is cut to
	// what is between MinWindow and MaxWindow, and is DefaultWindow where it is
	// zero. They are worked out in the loop, and a row is the loop's until its
	// next turn.
	Rows(window time.Duration, namespace string) (rows iter.Seq[*Row], end time.Time)
}

// The windows that are kept.
const (
	MinWindow     = 10 * time.Second
	DefaultWindow = 30 * time.Second
	MaxWindow     = 5 * time.Minute
)
