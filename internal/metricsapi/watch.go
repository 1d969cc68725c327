package metricsapi

import (
	"context"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/weft-mesh/weft/api/trafficmetrics"
)

// Watch tells of every object once a window. What the API server's library asks
// for a client that gives no version is asked without bookmarks.
func (s *storage) Watch(ctx context.Context, options *internalversion.ListOptions) (watch.Interface, error) {
	items, version, err := s.items(ctx, choose(options))
	if err != nil {
		return nil, err
	}
	w := &follow{
		storage: s, chosen: choose(options), known: map[string]trafficmetrics.TrafficMetrics{},
		events: make(chan watch.Event), stopped: make(chan struct{}),
	}
	asked := options != nil && options.SendInitialEvents != nil
	initial := options == nil || options.ResourceVersion == "" || options.ResourceVersion == "0"
	if asked {
		initial = *options.SendInitialEvents
	}
	go w.run(ctx, items, version, initial, asked && initial && options.AllowWatchBookmarks)
	return w, nil
}

// follow is one watch.
type follow struct {
	storage *storage
	chosen  selection
	known   map[string]trafficmetrics.TrafficMetrics
	events  chan watch.Event
	once    sync.Once
	stopped chan struct{}
}

// ResultChan gives the events.
func (w *follow) ResultChan() <-chan watch.Event { return w.events }

// Stop ends it.
func (w *follow) Stop() { w.once.Do(func() { close(w.stopped) }) }

// run tells of the items that are there, if initial, with a bookmark after
// them; and of all, window after window.
func (w *follow) run(ctx context.Context, items []trafficmetrics.TrafficMetrics, version string, initial, bookmark bool) {
	defer close(w.events)
	ticker := w.storage.clock.NewTicker(windowFrom(ctx))
	defer ticker.Stop()
	for _, item := range items {
		w.known[place(item)] = item
		if initial && !w.send(ctx, watch.Added, item) {
			return
		}
	}
	if bookmark && !w.sendBookmark(ctx, version) {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.stopped:
			return
		case <-ticker.C():
		}
		items, _, err := w.storage.items(ctx, w.chosen)
		if err != nil {
			status := apierrors.NewInternalError(err).ErrStatus
			w.put(ctx, watch.Event{Type: watch.Error, Object: &status})
			return
		}
		if !w.tell(ctx, items) {
			return
		}
	}
}

// tell sends one event for each item, and for each that is gone.
func (w *follow) tell(ctx context.Context, items []trafficmetrics.TrafficMetrics) bool {
	now := make(map[string]trafficmetrics.TrafficMetrics, len(items))
	for _, item := range items {
		now[place(item)] = item
		kind := watch.Modified
		if _, known := w.known[place(item)]; !known {
			kind = watch.Added
		}
		if !w.send(ctx, kind, item) {
			return false
		}
	}
	for key, last := range w.known {
		if _, exists := now[key]; !exists && !w.send(ctx, watch.Deleted, last) {
			return false
		}
	}
	w.known = now
	return true
}

func (w *follow) sendBookmark(ctx context.Context, version string) bool {
	bookmark := &trafficmetrics.TrafficMetrics{ObjectMeta: metav1.ObjectMeta{
		ResourceVersion: version,
		Annotations:     map[string]string{metav1.InitialEventsAnnotationKey: "true"},
	}}
	return w.put(ctx, watch.Event{Type: watch.Bookmark, Object: bookmark})
}

func (w *follow) send(ctx context.Context, kind watch.EventType, item trafficmetrics.TrafficMetrics) bool {
	return w.put(ctx, watch.Event{Type: kind, Object: item.DeepCopy()})
}

func (w *follow) put(ctx context.Context, event watch.Event) bool {
	select {
	case w.events <- event:
		return true
	case <-w.stopped:
	case <-ctx.Done():
	}
	return false
}
