package simulate

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// alpnOf is what a cluster offers in its handshakes; nothing where it has none,
// as one that is asked for on demand is not known here.
func alpnOf(c *clusterv3.Cluster) ([]string, error) {
	up := &tlsv3.UpstreamTlsContext{}
	socket := c.GetTransportSocket().GetTypedConfig()
	if !socket.MessageIs(up) {
		return nil, nil
	}
	if err := socket.UnmarshalTo(up); err != nil {
		return nil, err
	}
	return up.GetCommonTlsContext().GetAlpnProtocols(), nil
}
