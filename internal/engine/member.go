package engine

import (
	"context"
	"fmt"

	"github.com/weft-mesh/weft/internal/identity"
	"github.com/weft-mesh/weft/internal/xds"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// maxRejected bounds the refusals of one proxy that are kept, to be told.
const maxRejected = 8

// member is one connected proxy.
type member struct {
	engine  *Engine
	pod     model.Key
	class   *class
	changed chan struct{}
	direct  map[string]*direct
	// ready tells that it has run a whole snapshot once; before that its pod
	// takes no traffic, and nobody waits for it.
	ready bool
	// synced is the snapshot that it acknowledged last, syncedRev the newest
	// change that it then held.
	synced    *xds.Snapshot
	syncedRev uint64
	rejected  map[string]string // resource → why
}

var (
	_ xds.Member    = (*member)(nil)
	_ xds.Forgetter = (*member)(nil)
)

// Connect makes a proven pod a member of its class. It waits until the pod is
// known, and fails when ctx ends.
func (e *Engine) Connect(ctx context.Context, peer identity.Peer) (xds.Member, error) {
	for {
		m, changed, err := e.tryConnect(peer)
		if m != nil || err != nil {
			return m, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("pod %s is not known to have a sidecar: %w", peer.Pod, ctx.Err())
		case <-changed:
		}
	}
}

func (e *Engine) tryConnect(peer identity.Peer) (xds.Member, <-chan struct{}, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key, shape, ok := e.graph.ClassOf(peer.Pod)
	if !e.synced || !ok {
		return nil, e.changed, nil
	}
	if key.Identity != peer.ServiceAccount {
		return nil, nil, fmt.Errorf("pod %s runs as %s, but its token says %s", peer.Pod, key.Identity, peer.ServiceAccount)
	}
	if e.classes[key] == nil {
		e.rebuild() // what is made anew must not meet what is out of date
	}
	m := &member{
		engine: e, pod: peer.Pod, changed: make(chan struct{}, 1),
		direct: map[string]*direct{}, rejected: map[string]string{},
	}
	if e.members[peer.Pod] == nil {
		e.members[peer.Pod] = map[*member]bool{}
	}
	e.members[peer.Pod][m] = true
	m.join(e.class(key, shape))
	if m.class.snapshot == nil {
		e.push(m.class, allTypes)
	}
	return m, nil, nil
}

// join is called with the engine's lock held.
func (m *member) join(c *class) {
	m.class = c
	c.members[m] = true
}

func (m *member) signal() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// class finds a class, or makes it.
func (e *Engine) class(key resolve.Class, shape resolve.Shape) *class {
	if c := e.classes[key]; c != nil {
		return c
	}
	c := newClass(key, shape, e.common, &e.shared)
	e.classes[key] = c
	if e.identities[key.Identity] == nil {
		e.identities[key.Identity] = map[*class]bool{}
	}
	e.identities[key.Identity][c] = true
	c.see(e.sight(e.graph.Reach(key.Identity)))
	e.settleSights()
	c.refreshInbound(e.graph.Inbound(key.Identity, shape))
	e.mark(c, allTypes)
	return c
}

// leave takes a member out of a class, and forgets what nobody needs any more.
func (e *Engine) leave(m *member, c *class) {
	delete(c.members, m)
	if len(c.members) > 0 {
		return
	}
	delete(e.classes, c.key)
	delete(e.stale, c)
	delete(e.identities[c.key.Identity], c)
	if len(e.identities[c.key.Identity]) == 0 {
		delete(e.identities, c.key.Identity)
	}
	e.leaveSight(c.sight, c)
}

// rev is the newest change that the proxy is known to run.
func (m *member) rev() uint64 {
	if m.synced == nil {
		return 0
	}
	return max(m.syncedRev, m.engine.revOf(m.class, m.synced))
}

// revOf is the newest change that a snapshot of a class held; 0 if it is
// forgotten.
func (e *Engine) revOf(c *class, s *xds.Snapshot) uint64 {
	switch {
	case s == c.snapshot && c.stale == 0:
		return e.published
	case s == c.snapshot:
		return c.rev
	}
	for _, p := range c.past {
		if p.snapshot == s {
			return p.rev
		}
	}
	return 0
}

// Changed is signalled when there may be something new.
func (m *member) Changed() <-chan struct{} { return m.changed }

// Snapshot is what the proxy is to run.
func (m *member) Snapshot() *xds.Snapshot {
	m.engine.mu.Lock()
	defer m.engine.mu.Unlock()
	return m.class.snapshot
}

// Synced notes that the proxy runs all of a snapshot.
func (m *member) Synced(s *xds.Snapshot) {
	e := m.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	m.syncedRev = max(m.rev(), e.revOf(m.class, s))
	m.synced, m.ready = s, true
	clear(m.rejected)
	e.waiting.moved(m)
	e.signal()
}

// Rejected notes that the proxy refused a resource, for every object that
// waits for it. The server has logged and counted it.
func (m *member) Rejected(t xds.Type, r *xds.Resource, message string) {
	e := m.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	m.ready = true
	if resource := t.String() + " " + r.Name; len(m.rejected) < maxRejected || m.rejected[resource] != "" {
		m.rejected[resource] = message
	}
	e.refused = true
	e.signal()
}

// Close ends the membership.
func (m *member) Close() {
	e := m.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.members[m.pod], m)
	if len(e.members[m.pod]) == 0 {
		delete(e.members, m.pod)
	}
	for _, d := range m.direct {
		e.unwatch(d)
	}
	e.leave(m, m.class)
	e.waiting.moved(m)
	e.signal()
}
