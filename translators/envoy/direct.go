package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	filterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/common/set_filter_state/v3"
	setfilterstatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/set_filter_state/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
)

// directFilters send a connection to the cluster of the address that was
// dialled. Those of TCP ports that the pod may call are there; for another, a
// pod's own among them, the control plane is asked when the first connection
// comes. So one chain serves all addresses of the mesh.
func directFilters() []*listenerv3.Filter {
	name := filterState("envoy.tcp_proxy.cluster", directPrefix+"%DOWNSTREAM_LOCAL_ADDRESS%")
	return []*listenerv3.Filter{
		networkFilter("envoy.filters.network.set_filter_state", &setfilterstatev3.Config{OnNewConnection: []*filterstatev3.FilterStateValue{name}}),
		networkFilter("envoy.filters.network.tcp_proxy", &tcpproxyv3.TcpProxy{
			StatPrefix:       "direct",
			ClusterSpecifier: &tcpproxyv3.TcpProxy_Cluster{Cluster: "direct"}, // overridden by the filter state
			IdleTimeout:      seconds(0),
			// A failed attempt has sent nothing that could be lost.
			MaxConnectAttempts: u32(3),
			AccessLog:          clientOpenFigures(),
			AccessLogOptions:   tcpFigureOptions(),
			OnDemand:           &tcpproxyv3.TcpProxy_OnDemand{OdcdsConfig: overADS(), Timeout: seconds(5)},
		}),
	}
}

func filterState(key, format string) *filterstatev3.FilterStateValue {
	return &filterstatev3.FilterStateValue{
		Key: &filterstatev3.FilterStateValue_ObjectKey{ObjectKey: key},
		Value: &filterstatev3.FilterStateValue_FormatString{FormatString: &corev3.SubstitutionFormatString{
			Format: &corev3.SubstitutionFormatString_TextFormatSource{TextFormatSource: &corev3.DataSource{
				Specifier: &corev3.DataSource_InlineString{InlineString: format},
			}},
		}},
	}
}
