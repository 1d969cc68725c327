package xds

import (
	"context"

	"github.com/weft-mesh/weft/internal/identity"
)

// Fleet is what the server asks of the engine.
type Fleet interface {
	// Connect makes a proven pod a member of its proxy class. It waits until the
	// pod is known and its class has a snapshot, or ctx ends.
	Connect(ctx context.Context, peer identity.Peer) (Member, error)
}

// Member is one connected proxy as the engine sees it. Its methods are called
// by the stream's own goroutine, except Changed's channel, which the engine
// signals.
type Member interface {
	// Changed has capacity one and is signalled whenever Snapshot or OnDemand
	// may answer anew. Signals merge.
	Changed() <-chan struct{}
	// Snapshot is what the proxy is to run now.
	Snapshot() *Snapshot
	// OnDemand resolves the cluster of a name that the proxy asked for by name
	// and that is not in the snapshot; nil where there is none. The member goes on watching that name.
	OnDemand(name string) *Resource
	// Synced reports that the proxy has acknowledged all of the snapshot.
	Synced(s *Snapshot)
	// Rejected reports a resource that the proxy refused, and why. It goes on
	// running the version before.
	Rejected(t Type, r *Resource, message string)
	// Close ends the membership.
	Close()
}
