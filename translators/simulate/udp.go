package simulate

import (
	"fmt"

	udpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/udp/udp_proxy/v3"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/resolve"
)

// outboundUDP evaluates a datagram in its sender's pod. Cluster addresses are
// those of listeners; where there is none the sender is refused. The rest
// passes by the sidecar, and meets closed pods.
func (r *Resources) outboundUDP(g *resolve.Graph, c Call) (Outcome, error) {
	l := r.Listeners[envoy.UDPListenerName(c.To)]
	if l == nil {
		_, service := g.ServiceAt(c.To.Addr())
		pod, known := g.PodAt(c.To.Addr())
		if service || known && g.Pod(pod).Meshed {
			return Outcome{}, nil
		}
		return Outcome{Shares: map[string]uint32{envoy.PassthroughCluster: 1}}, nil
	}
	out := Outcome{Chain: l.GetName()}
	for _, f := range l.GetListenerFilters() {
		m, err := f.GetTypedConfig().UnmarshalNew()
		if err != nil {
			return out, fmt.Errorf("listener %s: %w", l.GetName(), err)
		}
		proxy, ok := m.(*udpproxyv3.UdpProxyConfig)
		if !ok {
			continue
		}
		route := &udpproxyv3.Route{}
		if err := proxy.GetMatcher().GetOnNoMatch().GetAction().GetTypedConfig().UnmarshalTo(route); err != nil {
			return out, fmt.Errorf("listener %s: %w", l.GetName(), err)
		}
		out.Shares = map[string]uint32{route.GetCluster(): 1}
	}
	return out, nil
}
