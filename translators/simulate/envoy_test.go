package simulate

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/weft-mesh/weft/translators/envoy/envoytest"
	"github.com/weft-mesh/weft/translators/model"
)

// TestEnvoyRunsGoldens: what the golden cases are evaluated on, the real Envoy
// would run.
func TestEnvoyRunsGoldens(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(cases, "*", "in.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			fragments, _ := load(t, filepath.Join(cases, "bases", "shop.yaml"), file)
			g := graph(fragments)
			var listeners []*listenerv3.Listener
			clusters := map[string]*clusterv3.Cluster{}
			var routes []*routev3.RouteConfiguration
			for _, f := range fragments {
				p, ok := f.(*model.Pod)
				if !ok || !p.Meshed {
					continue
				}
				r, err := ResourcesOf(g, p.Key)
				if err != nil {
					t.Fatal(err)
				}
				listeners = slices.AppendSeq(listeners, maps.Values(r.Listeners))
				maps.Copy(clusters, r.Clusters)
				routes = slices.AppendSeq(routes, maps.Values(r.Routes))
				for _, s := range r.Scopes {
					routes = append(routes, s.GetRouteConfiguration())
				}
			}
			envoytest.Accepts(t, listeners, slices.Collect(maps.Values(clusters)), routes)
		})
	}
}
