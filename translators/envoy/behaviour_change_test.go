//go:build linux

package envoy_test

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weft-mesh/weft/translators/model"
)

// What changes while requests are under way costs none of them, and takes
// effect at once: a cluster that waits for endpoints would block what comes
// after it for 15 s.
// Trap 19: weights change at once, and no request is lost.
// Trap 58: so do endpoints.
func TestChangesUnderLoadCostNoRequest(t *testing.T) {
	t.Parallel()
	m := newMesh(t)
	v1, v2, client := m.pod("v1"), m.pod("v2"), m.pod("client")
	in := views{inbound: serves(model.ProtocolHTTP, allow("front"), 8080)}
	for _, p := range []*pod{v1, v2} {
		p.echoes(":8080")
		p.sidecar("web", in)
	}
	one, two := web("198.19.0.1", v1.meshed(8080)), web("198.19.0.2", v2.meshed(8080))
	state := func(i int) views {
		v := views{}.calls(one).calls(two)
		if i%2 == 1 { // another configuration of the cluster, with the same endpoints
			v.clusters[0].Identities = append(v.clusters[0].Identities, account("more"))
		}
		if i%3 == 1 { // other endpoints
			v.endpoints[0].Groups = []model.EndpointGroup{{Backend: one.name.Service, Weight: 1, Endpoints: []model.Endpoint{v1.meshed(8080), v2.meshed(8080)}}}
		}
		if i%4 == 3 { // a new cluster, and weights that name it
			three := service{port("shop", "web-v3", 80), model.ProtocolHTTP, "198.19.0.3", one.identities, []model.Endpoint{v2.meshed(8080)}}
			v = v.calls(three)
			v.outbound[0].Routes[0].Backends = append(v.outbound[0].Routes[0].Backends, model.WeightedCluster{Cluster: three.name, Weight: 1})
		}
		return v
	}
	client.sidecar("front", state(0))
	var stop atomic.Bool
	var asked, bad atomic.Int64
	var load sync.WaitGroup
	for i := range 4 {
		c := client.newClient()
		if i%2 == 1 {
			c = client.newClient2()
		}
		load.Go(func() {
			for !stop.Load() {
				r, err := c.Get("http://198.19.0.1/")
				if asked.Add(1); err != nil {
					bad.Add(1)
					t.Error(err)
					return
				}
				if r.Body.Close(); r.StatusCode != http.StatusOK {
					bad.Add(1)
					t.Errorf("%s", r.Status)
				}
			}
		})
	}
	var longest time.Duration
	for i := range 24 {
		start := time.Now()
		client.publishAndWait(state(i + 1))
		// The server's other ports, and its policy on this one.
		other := serves(model.ProtocolTCP, allow("front", "more", "others"), 9000)
		other.Ports[0].Policy.Callers = other.Ports[0].Policy.Callers[i%3:]
		other.Ports = append(other.Ports, in.inbound.Ports[0])
		if i%2 == 1 {
			other.Ports[1].Policy = allow("all", "front")
		}
		v1.publishAndWait(views{inbound: other})
		longest = max(longest, time.Since(start))
		before := asked.Load()
		client.eventually("requests by the new configuration", func() error {
			if asked.Load() < before+20 && bad.Load() == 0 {
				return errors.New("not yet")
			}
			return nil
		})
	}
	stop.Store(true)
	load.Wait()
	t.Logf("%d requests, %d of them bad; a change took %s at most", asked.Load(), bad.Load(), longest)
}
