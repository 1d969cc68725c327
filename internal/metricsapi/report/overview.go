package report

import (
	"slices"
	"strings"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/translators/model"
)

// Overview gives the traffic of what a person would look at: the workloads of
// the mesh, each by the kind that is its own, and the TrafficSplits. With a
// kind, that of all objects of it. Names have the kind before them, as in
// "deployment.web".
func (q Question) Overview(kind string) []trafficmetrics.TrafficMetrics {
	if kind != "" {
		r, ok := Find(kind)
		if !ok || !r.Namespaced {
			r = resourceOf(strings.ToLower(kind) + "s")
		}
		return prefixed(q.List(r))
	}
	shown, resources := q.workloads()
	items := slices.DeleteFunc(q.lists(resources...), func(item trafficmetrics.TrafficMetrics) bool {
		return item.Backend == nil && !shown[item.Resource]
	})
	return sorted(prefixed(items))
}

// workloads are what pods of the mesh belong to, and all resources that an
// Overview is of.
func (q Question) workloads() (map[trafficmetrics.ObjectReference]bool, []Resource) {
	found, resources := map[trafficmetrics.ObjectReference]bool{}, []Resource{resourceOf(TrafficSplits)}
	for _, p := range q.Cluster.Pods {
		r := resourceOf(p.Workload.Kind)
		found[reference(r, model.Key{Namespace: p.Namespace, Name: p.Workload.Name})] = true
		if !slices.Contains(resources, r) {
			resources = append(resources, r)
		}
	}
	return found, resources
}

// OverviewOf gives the items of one name of an Overview.
func (q Question) OverviewOf(name string) ([]trafficmetrics.TrafficMetrics, bool) {
	kind, own, _ := strings.Cut(name, ".")
	r, ok := Find(kind)
	if !ok {
		r = resourceOf(strings.ToLower(kind) + "s")
	}
	if own == "" || !r.Namespaced {
		return nil, false
	}
	items, ok := q.Get(r, own)
	return prefixed(items), ok
}

// backendOf finds an item of a TrafficSplit by the name that it has in lists.
func (q Question) backendOf(name string) ([]trafficmetrics.TrafficMetrics, bool) {
	items := slices.DeleteFunc(q.lists(resourceOf(TrafficSplits)), func(item trafficmetrics.TrafficMetrics) bool { return item.Name != name })
	return items, len(items) > 0
}

func prefixed(items []trafficmetrics.TrafficMetrics) []trafficmetrics.TrafficMetrics {
	for i := range items {
		items[i].Name = strings.ToLower(items[i].Resource.Kind) + "." + items[i].Name
	}
	return items
}
