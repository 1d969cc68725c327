package report

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// Question is what is asked for, and what is known.
type Question struct {
	Cluster Cluster
	// Namespace is empty for all.
	Namespace string
	// Rows were counted in the Window that ended at End. They are gone through
	// once a question: there are many, and each is worked out anew.
	Rows   iter.Seq[*figures.Row]
	Window time.Duration
	End    time.Time
	// Unit is what latencies are written in.
	Unit Unit
}

// List gives the traffic that each object of a resource received, sorted by
// namespace and name. Objects without a pod in the mesh are left out. A
// TrafficSplit has an item for each of its backends.
func (q Question) List(r Resource) []trafficmetrics.TrafficMetrics {
	return sorted(q.lists(r))
}

// lists is as List, of several resources, in no order.
func (q Question) lists(resources ...Resource) []trafficmetrics.TrafficMetrics {
	totals := make([]total, len(resources))
	for i, r := range resources {
		totals[i] = q.total(r)
	}
	for row := range q.Rows {
		for _, t := range totals {
			t.add(row)
		}
	}
	var items []trafficmetrics.TrafficMetrics
	for _, t := range totals {
		items = append(items, t.items()...)
	}
	return items
}

// Get gives what one object received; zero for one without traffic, and not ok
// where there is none of that name. A TrafficSplit has several items, each of
// which has a name too.
func (q Question) Get(r Resource, name string) ([]trafficmetrics.TrafficMetrics, bool) {
	key := q.key(r, name)
	labels, exists := q.Cluster.labels(r.Name, key)
	switch {
	case !exists && r.Name == TrafficSplits:
		return q.backendOf(name)
	case !exists:
		return nil, false
	case r.Name == TrafficSplits:
		return q.split(key), true
	}
	h := newHolders(r.Name, q.Cluster)
	sum := &figures.Counts{}
	for row := range q.Rows {
		if row.Side == figures.Server && slices.Contains(h.ofRow(row), key) {
			sum.Add(row.Counts)
		}
	}
	return []trafficmetrics.TrafficMetrics{q.item(r, key, labels, received(), sum)}, true
}

func (q Question) key(r Resource, name string) model.Key {
	if !r.Namespaced {
		return model.Key{Name: name}
	}
	return model.Key{Namespace: q.Namespace, Name: name}
}

func (q Question) within(key model.Key) bool {
	return q.Namespace == "" || key.Namespace == "" || key.Namespace == q.Namespace
}

func sorted(items []trafficmetrics.TrafficMetrics) []trafficmetrics.TrafficMetrics {
	slices.SortFunc(items, func(a, b trafficmetrics.TrafficMetrics) int {
		return cmp.Or(
			strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name),
			strings.Compare(string(a.Edge.Direction), string(b.Edge.Direction)),
			strings.Compare(string(a.Edge.Side), string(b.Edge.Side)),
			strings.Compare(a.Edge.Resource.Namespace, b.Edge.Resource.Namespace),
			strings.Compare(a.Edge.Resource.Kind, b.Edge.Resource.Kind),
			strings.Compare(a.Edge.Resource.Name, b.Edge.Resource.Name),
			compareMTLS(a.Edge.MTLS, b.Edge.MTLS),
		)
	})
	return items
}

// compareMTLS puts what is secured first.
func compareMTLS(a, b *bool) int {
	switch {
	case a == nil || b == nil || *a == *b:
		return 0
	case *a:
		return -1
	}
	return 1
}
