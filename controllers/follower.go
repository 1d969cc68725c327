package controllers

import (
	"context"
	"fmt"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	clientcache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/translators/model"
)

// follower follows one kind of SMI in the newest version that its CRD serves,
// whatever becomes of the CRD.
type follower struct {
	feed   feed
	served served
	// watch is of that version; nil where the kind is not installed.
	watch *watch
	// before are watches of other versions, until the one of now has read all.
	before []*watch
}

// watch is one informer, and which objects it has told of.
type watch struct {
	object *unstructured.Unstructured
	synced clientcache.InformerSynced

	mu      sync.Mutex
	stopped bool
	seen    map[model.Ref]struct{}
}

// watchCRDs tells of every change of a CRD of SMI.
func (l *loader) watchCRDs(ctx context.Context) (<-chan struct{}, error) {
	crds := &metav1.PartialObjectMetadata{}
	crds.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	informer, err := l.cache.GetInformer(ctx, crds, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, err
	}
	kinds := crdKinds()
	changed := make(chan struct{}, 1)
	tell := func(object any) {
		if last, ok := object.(clientcache.DeletedFinalStateUnknown); ok {
			object = last.Obj
		}
		if o, ok := object.(client.Object); !ok || kinds[o.GetName()] == "" {
			return
		}
		select {
		case changed <- struct{}{}:
		default: // it is told already
		}
	}
	_, err = informer.AddEventHandler(clientcache.ResourceEventHandlerFuncs{
		AddFunc: tell, UpdateFunc: func(_, object any) { tell(object) }, DeleteFunc: tell,
	})
	return changed, err
}

// update brings a follower to what the CRD serves now.
func (l *loader) update(ctx context.Context, f *follower) error {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	err := l.reader.Get(ctx, client.ObjectKey{Name: crdName(f.feed.kind)}, crd)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read CRD %s: %w", crdName(f.feed.kind), err)
	}
	now := inspect(f.feed.kind, crd)
	if now.same(f.served) {
		return nil
	}
	if now.version != f.served.version {
		if err := l.move(ctx, f, now.version); err != nil {
			return fmt.Errorf("follow %s: %w", now.version, err)
		}
	}
	f.served = now
	l.served.set(f.feed.kind, now)
	l.forget(ctx, f.before)
	l.changed(f.feed.kind)
	l.log.Info("a kind is read", "kind", f.feed.kind, "version", now.version, "missing", now.missing)
	return nil
}

// move goes over to another version. What the old one has told of stays in
// force until the new one has told of everything.
func (l *loader) move(ctx context.Context, f *follower, version string) error {
	var next *watch
	if version != "" {
		next = &watch{object: unstructuredIn(f.feed.kind, version), seen: map[model.Ref]struct{}{}}
		informer, err := l.objects.GetInformer(ctx, next.object, cache.BlockUntilSynced(false))
		if err != nil {
			return err
		}
		registration, err := informer.AddEventHandler(next.handler(f.feed, f.feed.handler(l.sink, l.told)))
		if err != nil {
			return err
		}
		next.synced = registration.HasSynced
	}
	if f.watch != nil {
		f.watch.stop()
		f.before = append(f.before, f.watch)
	}
	f.watch = next
	return nil
}

// forget ends informers that nobody listens to any more.
func (l *loader) forget(ctx context.Context, watches []*watch) {
	for _, w := range watches {
		// It fails where there is none, which is as well.
		_ = l.objects.RemoveInformer(ctx, w.object)
	}
}

// settle takes away what an earlier version told of and the one of now does
// not. It is true once nothing of that is left to do.
func (l *loader) settle(ctx context.Context, f *follower) bool {
	if len(f.before) == 0 {
		return true
	}
	if f.watch != nil && !f.watch.synced() {
		return false
	}
	for _, old := range f.before {
		for ref := range old.seen {
			if f.watch == nil || !f.watch.has(ref) {
				l.sink.Delete(ref)
				l.told(ref, nil, nil)
			}
		}
	}
	// Whoever read while the version changed may have started one anew.
	l.forget(ctx, f.before)
	f.before = nil
	return true
}

// handler notes what it hands on, and hands on nothing once the watch is
// stopped.
func (w *watch) handler(f feed, inner clientcache.ResourceEventHandler) clientcache.ResourceEventHandler {
	note := func(object any, there bool, handOn func()) {
		if last, ok := object.(clientcache.DeletedFinalStateUnknown); ok {
			object = last.Obj
		}
		o, ok := object.(client.Object)
		if !ok {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.stopped {
			return
		}
		if there {
			w.seen[refOf(f.kind, o)] = struct{}{}
		} else {
			delete(w.seen, refOf(f.kind, o))
		}
		handOn()
	}
	return clientcache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { note(o, true, func() { inner.OnAdd(o, false) }) },
		UpdateFunc: func(old, o any) { note(o, true, func() { inner.OnUpdate(old, o) }) },
		DeleteFunc: func(o any) { note(o, false, func() { inner.OnDelete(o) }) },
	}
}

// stop ends what it hands on; seen does not change any more.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
}

func (w *watch) has(ref model.Ref) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.seen[ref]
	return ok
}
