package report

import (
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

func (q Question) splits() []trafficmetrics.TrafficMetrics {
	var items []trafficmetrics.TrafficMetrics
	for _, s := range q.Cluster.Splits {
		if q.within(s.Key) {
			items = append(items, q.split(s.Key)...)
		}
	}
	return sorted(items)
}

// split has an item for each backend, named after the split and the backend,
// also for one that has been taken out and still had traffic.
func (q Question) split(key model.Key) []trafficmetrics.TrafficMetrics {
	totals := map[model.Key]*figures.Counts{}
	if s := q.find(key); s != nil {
		for _, b := range s.Backends {
			totals[b.Service] = &figures.Counts{}
		}
	}
	var all uint64
	for i := range q.Rows {
		row := &q.Rows[i]
		if row.Side == figures.Client && row.Split == key && row.Backend != (model.Key{}) {
			add(totals, row.Backend, &row.Counts)
			all += row.Success + row.Failure
		}
	}
	r, _ := Find(TrafficSplits)
	from := trafficmetrics.Edge{Direction: trafficmetrics.From, Side: trafficmetrics.Client}
	var items []trafficmetrics.TrafficMetrics
	for service, counts := range totals {
		item := q.item(r, key, q.Cluster.Objects[TrafficSplits][key], from, counts)
		item.Name = key.Name + "." + service.Name
		item.Backend = q.backend(key, service, share(counts.Success+counts.Failure, all))
		items = append(items, item)
	}
	return sorted(items)
}

func (q Question) find(key model.Key) *model.Split {
	for _, s := range q.Cluster.Splits {
		if s.Key == key {
			return s
		}
	}
	return nil
}

// backend says what is asked of a split's backend, beside what was seen.
func (q Question) backend(split, service model.Key, seen *resource.Quantity) *trafficmetrics.Backend {
	b := &trafficmetrics.Backend{Name: service.Name, Seen: seen}
	s := q.find(split)
	if s == nil {
		return b
	}
	b.Apex = s.Root.Name
	var all, own uint64
	for _, candidate := range s.Backends {
		all += uint64(candidate.Weight)
		if candidate.Service == service {
			own += uint64(candidate.Weight)
		}
	}
	b.Weight, b.Asked = int64(own), share(own, all)
	return b
}
