package report

import (
	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// total adds up the rows for the objects of one resource.
type total interface {
	add(row *figures.Row)
	items() []trafficmetrics.TrafficMetrics
}

func (q Question) total(r Resource) total {
	if r.Name == TrafficSplits {
		return splitTotal{q: q, sums: map[model.Key]backendSums{}}
	}
	t := &receivedTotal{q: q, resource: r, holders: newHolders(r.Name, q.Cluster), sums: map[model.Key]*figures.Counts{}}
	for _, keys := range t.holders.pods {
		for _, key := range keys {
			t.sums[key] = &figures.Counts{}
		}
	}
	return t
}

// receivedTotal is what the pods of each object received.
type receivedTotal struct {
	q        Question
	resource Resource
	holders  holders
	sums     map[model.Key]*figures.Counts
	// last are the sums that the rows of this reporter are added to: those of one
	// come one after the other.
	reporter model.Key
	own      figures.Workload
	last     []*figures.Counts
}

func (t *receivedTotal) add(row *figures.Row) {
	if row.Side != figures.Server {
		return
	}
	if row.Reporter != t.reporter || row.Own != t.own {
		t.reporter, t.own, t.last = row.Reporter, row.Own, t.last[:0]
		for _, key := range t.holders.ofRow(row) {
			t.last = append(t.last, sumOf(t.sums, key))
		}
	}
	for _, sum := range t.last {
		sum.Add(row.Counts)
	}
}

func (t *receivedTotal) items() []trafficmetrics.TrafficMetrics {
	var items []trafficmetrics.TrafficMetrics
	for key, counts := range t.sums {
		labels, exists := t.q.Cluster.labels(t.resource.Name, key)
		if exists && t.q.within(key) {
			items = append(items, t.q.item(t.resource, key, labels, received(), counts))
		}
	}
	return items
}

func received() trafficmetrics.Edge {
	return trafficmetrics.Edge{Direction: trafficmetrics.From, Side: trafficmetrics.Server}
}

func add[K comparable](sums map[K]*figures.Counts, key K, counts *figures.Counts) {
	sumOf(sums, key).Add(*counts)
}

// sumOf is that of a key, which begins at zero.
func sumOf[K comparable](sums map[K]*figures.Counts, key K) *figures.Counts {
	sum := sums[key]
	if sum == nil {
		sum = &figures.Counts{}
		sums[key] = sum
	}
	return sum
}
