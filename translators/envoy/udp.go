package envoy

import (
	"net/netip"

	xdscorev3 "github.com/cncf/xds/go/xds/core/v3"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	capsulev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/udp/udp_proxy/session/http_capsule/v3"
	udpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/udp/udp_proxy/v3"

	"github.com/weft-mesh/weft/translators/model"
)

const (
	// udpIdle ends a session in which nothing was sent either way, in seconds.
	udpIdle = 30
	// maxDatagram is the most that a datagram of IPv4 can hold; Envoy's default
	// is 1,500, and it drops more.
	maxDatagram = 65507
	// What waits for the stream of a new session.
	waitingDatagrams, waitingBytes = 1024, 1 << 20
)

// BuildUDPListener takes what the pod's application sends to one address of a
// UDP port, and answers in its name. Each session (an address and port of the
// application's) goes to one pod: in a CONNECT-UDP stream to its sidecar, or as
// it is where nobody behind the Service has one.
func BuildUDPListener(v model.UDPListener) (*listenerv3.Listener, error) {
	to := netip.AddrPortFrom(v.Address, v.Name.Port)
	bind := model.UDPBind(to)
	proxy := &udpproxyv3.UdpProxyConfig{
		StatPrefix: "outbound", IdleTimeout: seconds(udpIdle),
		RouteSpecifier: &udpproxyv3.UdpProxyConfig_Matcher{Matcher: &xdsmatcherv3.Matcher{
			OnNoMatch: &xdsmatcherv3.Matcher_OnMatch{OnMatch: &xdsmatcherv3.Matcher_OnMatch_Action{
				Action: &xdscorev3.TypedExtensionConfig{Name: "route", TypedConfig: packed(&udpproxyv3.Route{Cluster: ClusterName(v.Name)})},
			}},
		}},
		UpstreamSocketConfig: &corev3.UdpSocketConfig{MaxRxDatagramSize: wrap64(maxDatagram)},
	}
	if v.Tunnel {
		proxy.AccessLog = clientUDPFigures(v.Name)
		host := v.Name.Service.Name + "." + v.Name.Service.Namespace
		proxy.SessionFilters = []*udpproxyv3.UdpProxyConfig_SessionFilter{{
			Name:       "envoy.filters.udp.session.http_capsule",
			ConfigType: &udpproxyv3.UdpProxyConfig_SessionFilter_TypedConfig{TypedConfig: packed(&capsulev3.FilterConfig{})},
		}}
		proxy.TunnelingConfig = &udpproxyv3.UdpProxyConfig_UdpTunnelingConfig{
			ProxyHost: host, TargetHost: host, DefaultTargetPort: uint32(v.Name.Port),
			RetryOptions: &udpproxyv3.UdpProxyConfig_UdpTunnelingConfig_RetryOptions{MaxConnectAttempts: u32(2)},
			BufferOptions: &udpproxyv3.UdpProxyConfig_UdpTunnelingConfig_BufferOptions{
				MaxBufferedDatagrams: u32(waitingDatagrams), MaxBufferedBytes: wrap64(waitingBytes),
			},
		}
	}
	address := socketAddress(bind.Addr().String(), bind.Port())
	address.GetSocketAddress().Protocol = corev3.SocketAddress_UDP
	return &listenerv3.Listener{
		Name: UDPListenerName(to), Address: address, TrafficDirection: corev3.TrafficDirection_OUTBOUND,
		// The local route lets IPv6 in, not a socket be bound.
		Freebind: onlyIf(bind.Addr().Is6()),
		UdpListenerConfig: &listenerv3.UdpListenerConfig{
			DownstreamSocketConfig: &corev3.UdpSocketConfig{MaxRxDatagramSize: wrap64(maxDatagram)},
		},
		ListenerFilters: []*listenerv3.ListenerFilter{{
			Name: "envoy.filters.udp_listener.udp_proxy", ConfigType: &listenerv3.ListenerFilter_TypedConfig{TypedConfig: packed(proxy)},
		}},
	}, nil
}
