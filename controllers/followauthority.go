package controllers

import (
	"context"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/weft-mesh/weft/internal/identity"
)

// authorityChanges has a controller look at all that it keeps, by name, whenever
// another CA is in force.
func authorityChanges(a *identity.Authority, names func(context.Context) []string) source.Source {
	return source.Func(func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		go onChange(ctx, a, func() {
			for _, name := range names(ctx) {
				queue.Add(reconcile.Request{NamespacedName: client.ObjectKey{Name: name}})
			}
		})
		return nil
	})
}

// onChange calls f now, and whenever another CA or lifetime is in force, until
// ctx ends.
func onChange(ctx context.Context, a *identity.Authority, f func()) {
	for {
		changed := a.Changed()
		f()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
