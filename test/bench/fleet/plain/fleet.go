package main

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/protobuf/types/known/anypb"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/test/bench/fleet/replay"
)

// fleet has all proxies run the same.
type fleet struct {
	mu       sync.Mutex
	layers   map[xds.Type]*xds.Layer
	sets     map[xds.Type]*xds.Set
	snapshot *xds.Snapshot
	members  map[*member]bool
}

func newFleet() *fleet {
	f := &fleet{layers: map[xds.Type]*xds.Layer{}, sets: map[xds.Type]*xds.Set{}, members: map[*member]bool{}}
	for t := xds.Cluster; t <= xds.Listener; t++ {
		f.layers[t] = xds.NewLayer()
	}
	return f
}

// Apply puts resources in force, as the engine does: encoded once for all.
func (f *fleet) Apply(changes []replay.Resource) error {
	removed, upserts := map[xds.Type][]string{}, map[xds.Type][]*xds.Resource{}
	for _, c := range changes {
		t, ok := xds.TypeOf(c.TypeURL)
		if !ok {
			return fmt.Errorf("%s is of no type that is served", c.TypeURL)
		}
		if c.Body == nil {
			removed[t] = append(removed[t], c.Name)
			continue
		}
		m, err := (&anypb.Any{TypeUrl: c.TypeURL, Value: c.Body}).UnmarshalNew()
		if err != nil {
			return err
		}
		r, err := xds.NewResource(c.Name, m)
		if err != nil {
			return err
		}
		upserts[t] = append(upserts[t], r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for t, l := range f.layers {
		if next := l.With(removed[t], upserts[t]); next != l || f.sets[t] == nil {
			f.layers[t], f.sets[t] = next, xds.Layered(next)
		}
	}
	f.snapshot = xds.NewSnapshot(f.sets)
	for m := range f.members {
		select {
		case m.changed <- struct{}{}:
		default: // it is told already
		}
	}
	return nil
}

// Connect takes everybody.
func (f *fleet) Connect(context.Context, identity.Peer) (xds.Member, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := &member{fleet: f, changed: make(chan struct{}, 1)}
	f.members[m] = true
	return m, nil
}

// member is one connected proxy.
type member struct {
	fleet   *fleet
	changed chan struct{}
}

// Changed is signalled when there is something new.
func (m *member) Changed() <-chan struct{} { return m.changed }

// Snapshot is what all run.
func (m *member) Snapshot() *xds.Snapshot {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	return m.fleet.snapshot
}

// OnDemand knows no clusters but the snapshot's.
func (m *member) OnDemand(string) *xds.Resource { return nil }

// Synced is of no concern here.
func (m *member) Synced(*xds.Snapshot) {}

// Rejected is of no concern here.
func (m *member) Rejected(xds.Type, *xds.Resource, string) {}

// Close ends the membership.
func (m *member) Close() {
	m.fleet.mu.Lock()
	defer m.fleet.mu.Unlock()
	delete(m.fleet.members, m)
}
