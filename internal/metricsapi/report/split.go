package report

import (
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// splitTotal is what callers sent to each backend of each TrafficSplit.
type splitTotal struct {
	q    Question
	sums map[model.Key]backendSums
}

type backendSums map[model.Key]*figures.Counts

func (t splitTotal) add(row *figures.Row) {
	if row.Side != figures.Client || row.Split == (model.Key{}) || row.Backend == (model.Key{}) {
		return
	}
	if t.sums[row.Split] == nil {
		t.sums[row.Split] = backendSums{}
	}
	add(t.sums[row.Split], row.Backend, &row.Counts)
}

func (t splitTotal) items() []trafficmetrics.TrafficMetrics {
	var items []trafficmetrics.TrafficMetrics
	for _, s := range t.q.Cluster.Splits {
		if t.q.within(s.Key) {
			items = append(items, t.of(s.Key)...)
		}
	}
	return items
}

// of has an item for each backend, named after the split and the backend, also
// for one that has been taken out and still had traffic.
func (t splitTotal) of(key model.Key) []trafficmetrics.TrafficMetrics {
	sums := t.sums[key]
	if sums == nil {
		sums = backendSums{}
	}
	var all uint64
	for _, counts := range sums {
		all += counts.Success + counts.Failure
	}
	if s := t.q.find(key); s != nil {
		for _, b := range s.Backends {
			if sums[b.Service] == nil {
				sums[b.Service] = &figures.Counts{}
			}
		}
	}
	r := resourceOf(TrafficSplits)
	from := trafficmetrics.Edge{Direction: trafficmetrics.From, Side: trafficmetrics.Client}
	var items []trafficmetrics.TrafficMetrics
	for service, counts := range sums {
		item := t.q.item(r, key, t.q.Cluster.Objects[TrafficSplits][key], from, counts)
		item.Name = key.Name + "." + service.Name
		item.Backend = t.q.backend(key, service, share(counts.Success+counts.Failure, all))
		items = append(items, item)
	}
	return items
}

// split are the items of one TrafficSplit.
func (q Question) split(key model.Key) []trafficmetrics.TrafficMetrics {
	t := splitTotal{q: q, sums: map[model.Key]backendSums{}}
	for row := range q.Rows {
		t.add(row)
	}
	return sorted(t.of(key))
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
