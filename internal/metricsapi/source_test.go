package metricsapi

import (
	"iter"
	"time"

	"github.com/weft-mesh/weft/internal/figures"
	"github.com/weft-mesh/weft/translators/model"
)

// fakeSource has the same traffic in every window.
type fakeSource struct{}

// Rows: api calls web, by the split canary, and somebody outside of the mesh
// does.
func (*fakeSource) Rows(window time.Duration, _ string) (iter.Seq[*figures.Row], time.Time) {
	web := figures.Workload{Namespace: "shop", Kind: "deployments", Name: "web"}
	api := figures.Workload{Namespace: "shop", Kind: "deployments", Name: "api"}
	server := figures.Key{
		Side: figures.Server, Reporter: model.Key{Namespace: "shop", Name: "web-1"}, Node: "n1", Own: web,
		Peer: api, PeerIdentity: "spiffe://cluster.local/ns/shop/sa/api", Port: 80, Protocol: model.ProtocolHTTP,
	}
	plain := server
	plain.Peer, plain.PeerIdentity = figures.Workload{}, ""
	client := figures.Key{
		Side: figures.Client, Reporter: model.Key{Namespace: "shop", Name: "api-1"}, Node: "n1", Own: api,
		Peer: web, PeerIdentity: "spiffe://cluster.local/ns/shop/sa/web", Port: 80, Protocol: model.ProtocolHTTP,
		Service: model.Key{Namespace: "shop", Name: "web"}, Split: model.Key{Namespace: "shop", Name: "canary"},
		Backend: model.Key{Namespace: "shop", Name: "web-v1"},
	}
	second := client
	second.Backend.Name = "web-v2"
	return each([]figures.Row{
		{Key: server, Counts: counts(290, 10)},
		{Key: plain, Counts: figures.Counts{Failure: 3, Denied: 3, DeniedCertificate: 3}},
		{Key: client, Counts: counts(264, 0)},
		{Key: second, Counts: counts(26, 10)},
	}), time.Now()
}

func each(rows []figures.Row) iter.Seq[*figures.Row] {
	return func(yield func(*figures.Row) bool) {
		for i := range rows {
			if !yield(&rows[i]) {
				return
			}
		}
	}
}

func counts(success, failure uint64) figures.Counts {
	c := figures.Counts{Success: success, Failure: failure}
	c.Latency[3] = success
	return c
}
