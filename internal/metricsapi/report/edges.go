package report

import (
	"slices"

	"github.com/weft-mesh/weft/api/trafficmetrics"
	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// edge is what rows are added up by: whom a resource exchanged traffic with.
type edge struct {
	direction trafficmetrics.Direction
	side      trafficmetrics.Side
	other     trafficmetrics.ObjectReference
	secured   bool
	backend   model.Key
}

// edges adds up rows.
type edges struct {
	totals map[edge]*figures.Counts
	// identities has that of the other end, and "" where there are several.
	identities map[edge]string
}

func newEdges() edges {
	return edges{totals: map[edge]*figures.Counts{}, identities: map[edge]string{}}
}

func (e edges) add(key edge, r *figures.Row) {
	key.secured = r.PeerIdentity != ""
	if known, ok := e.identities[key]; ok && known != r.PeerIdentity {
		e.identities[key] = ""
	} else {
		e.identities[key] = r.PeerIdentity
	}
	add(e.totals, key, &r.Counts)
}

// Edges gives the traffic of one object by whom it was exchanged with. Callers
// and callees are workloads, of a namespace other namespaces. What was counted
// by the object's own sidecars is told; of a Service and of a TrafficSplit, what
// their callers' counted as well.
func (q Question) Edges(r Resource, name string) ([]trafficmetrics.TrafficMetrics, bool) {
	key := q.key(r, name)
	labels, exists := q.Cluster.labels(r.Name, key)
	if !exists {
		return nil, false
	}
	found := newEdges()
	h := newHolders(r.Name, q.Cluster)
	for row := range q.Rows {
		switch {
		case r.Name == TrafficSplits:
			if row.Side == figures.Client && row.Split == key {
				found.add(edge{direction: trafficmetrics.From, side: trafficmetrics.Client, other: other(r, row.Own), backend: row.Backend}, row)
			}
		case r.Name == Services && row.Side == figures.Client:
			if row.Service == key {
				found.add(edge{direction: trafficmetrics.From, side: trafficmetrics.Client, other: other(r, row.Own)}, row)
			}
		case slices.Contains(h.ofRow(row), key):
			found.add(ownEdge(r, row), row)
		}
	}
	var items []trafficmetrics.TrafficMetrics
	for e, counts := range found.totals {
		item := q.item(r, key, labels, trafficmetrics.Edge{
			Direction: e.direction, Side: e.side, Resource: e.other, MTLS: &e.secured, Identity: found.identities[e],
		}, counts)
		if r.Name == TrafficSplits {
			item.Backend = q.backend(key, e.backend, nil)
		}
		items = append(items, item)
	}
	return sorted(items), true
}

// ownEdge is what the object's own sidecar saw.
func ownEdge(r Resource, row *figures.Row) edge {
	if row.Side == figures.Server {
		return edge{direction: trafficmetrics.From, side: trafficmetrics.Server, other: other(r, row.Peer)}
	}
	e := edge{direction: trafficmetrics.To, side: trafficmetrics.Client, other: other(r, row.Peer)}
	if row.Peer == (figures.Workload{}) && row.Service != (model.Key{}) {
		e.other = unanswered(r, row.Service)
	}
	return e
}

// unanswered names the Service where it is not known which workload answered.
func unanswered(r Resource, service model.Key) trafficmetrics.ObjectReference {
	if r.Name == Namespaces {
		return other(r, figures.Workload{Namespace: service.Namespace, Name: service.Name})
	}
	s, _ := Find(Services)
	return reference(s, service)
}

// other names the other end as an edge of the resource does.
func other(r Resource, w figures.Workload) trafficmetrics.ObjectReference {
	switch {
	case w == (figures.Workload{}):
		return trafficmetrics.ObjectReference{Kind: trafficmetrics.KindOutside}
	case r.Name == Namespaces:
		return reference(r, model.Key{Name: w.Namespace})
	}
	return reference(resourceOf(w.Kind), model.Key{Namespace: w.Namespace, Name: w.Name})
}
