package controllers

import (
	"context"
	"sync"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/weft-mesh/weft/translators/model"
)

// hook lets others put requests into a controller's queue. While the controller
// does not run, it forgets them. The zero value is usable.
type hook[T comparable] struct {
	mu    sync.Mutex
	queue workqueue.TypedRateLimitingInterface[T]
}

// add never blocks.
func (h *hook[T]) add(request T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.queue != nil {
		h.queue.Add(request)
	}
}

// source is what the controller watches. First is what it is to do at first.
func (h *hook[T]) source(first func(ctx context.Context, add func(T))) source.TypedSource[T] {
	return source.TypedFunc[T](func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[T]) error {
		h.mu.Lock()
		h.queue = queue
		h.mu.Unlock()
		first(ctx, queue.Add)
		return nil
	})
}

// Notifier brings objects whose status may have changed to whoever writes it.
// It is made before the engine, which calls Notify, and the manager are. The
// zero value is usable.
type Notifier struct {
	hook[model.Ref]
	mu sync.Mutex
	// known are the objects that exist, for the day when this replica becomes
	// the leader.
	known map[model.Ref]struct{}
}

// Notify never blocks.
func (n *Notifier) Notify(r model.Ref) {
	if r.Kind == model.KindService {
		// Those alone of which there was something to tell.
		n.seen(r, true)
		return
	}
	n.add(r)
}

// seen takes in that an object is there, or is gone.
func (n *Notifier) seen(r model.Ref, there bool) {
	n.mu.Lock()
	if n.known == nil {
		n.known = map[model.Ref]struct{}{}
	}
	if there {
		n.known[r] = struct{}{}
	} else {
		delete(n.known, r)
	}
	n.mu.Unlock()
	n.add(r)
}

// everything adds all objects that exist.
func (n *Notifier) everything(_ context.Context, add func(model.Ref)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for r := range n.known {
		add(r)
	}
}

// again has all objects of a kind looked at.
func (n *Notifier) again(kind model.Kind) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for r := range n.known {
		if r.Kind == kind {
			n.add(r)
		}
	}
}
