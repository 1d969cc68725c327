package simulate

import (
	"fmt"
	"net/netip"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/model"
	"github.com/weft-mesh/weft/translators/resolve"
)

// ResourcesOf builds all that the sidecar of a pod runs, from nothing: the
// plain way, that the engine's incremental one has to agree with. Each resource
// is validated.
func ResourcesOf(g *resolve.Graph, pod model.Key) (*Resources, error) {
	class, shape, ok := g.ClassOf(pod)
	if !ok {
		return nil, fmt.Errorf("pod %s is not known to have a sidecar", pod)
	}
	b := builder{to: NewResources()}
	b.outbound(g, class.Identity)
	b.inbound(g.Inbound(class.Identity, shape))
	return b.to, b.err
}

// builder adds resources until one fails.
type builder struct {
	to  *Resources
	err error
}

func (b *builder) add(m proto.Message, err error) {
	if b.err != nil {
		return
	}
	if b.err = err; err == nil {
		b.err = envoy.Validate(m)
	}
	b.to.Add(m)
}

func (b *builder) outbound(g *resolve.Graph, id model.Identity) {
	sight := g.Sight(id)
	listener := g.OutboundListener()
	b.add(envoy.BuildOutboundListener(listener))
	if envoy.Detects(listener) {
		b.add(envoy.BuildDetectListener(listener.Headers), nil)
	}
	for _, k := range sight.Services {
		b.service(g.ServiceViews(k))
	}
	for _, k := range sight.UDP {
		b.service(g.UDPViews(k))
	}
}

func (b *builder) service(v resolve.ServiceViews) {
	type key struct {
		model.ServicePort
		netip.Addr
	}
	clusters := map[key]*clusterv3.Cluster{}
	for _, c := range v.Clusters {
		built := envoy.BuildCluster(c)
		clusters[key{c.Name, c.Address}] = built
		b.add(built, nil)
	}
	for _, e := range v.Endpoints {
		b.add(envoy.BuildEndpoints(envoy.EndpointsName(clusters[key{e.Cluster, e.Address}]), e), nil)
	}
	for _, o := range v.Outbound {
		b.add(envoy.BuildOutbound(o))
	}
	for _, l := range v.UDP {
		b.add(envoy.BuildUDPListener(l))
	}
}

func (b *builder) inbound(in model.Inbound) {
	b.add(envoy.BuildInboundListener(in))
	for _, p := range in.Ports {
		if p.Protocol.IsHTTP() {
			b.add(envoy.BuildInboundRoute(in.TrustDomain, p))
		}
	}
	for _, p := range in.UDP {
		b.add(envoy.BuildInboundUDPRoute(in.TrustDomain, p))
	}
	for _, c := range envoy.BuildPodClusters(in.Probes) {
		b.add(c, nil)
	}
	if len(in.Probes) > 0 {
		b.add(envoy.BuildProbesListener(in))
	}
}
