package envoy

import (
	"net/netip"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/weft-mesh/weft/translators/model"
)

func percent(n float64) *typev3.Percent { return &typev3.Percent{Value: n} }

// The addresses that a sidecar speaks to its own application from. By them
// `weft init` tells that from a pod calling itself through its Service.
const (
	inboundSource4 = "127.0.0.6"
	inboundSource6 = "::6"
)

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// applicationIdle is how long a connection to the application is kept for the
// next request. Applications close idle ones, some after two seconds; a request
// that meets such an end on its way would be lost.
const applicationIdle = 1

// BuildPodClusters are the clusters of the pod's own side: its application at
// whatever port was called, what lies outside of the mesh, and its probes.
func BuildPodClusters(probes []model.Probe) []*clusterv3.Cluster {
	inHTTP, inHTTP2 := originalDestination(InboundHTTPCluster), originalDestination(InboundHTTP2Cluster)
	own := model.HeaderLimits{Count: ownHeaderCount, Kilobytes: ownHeaderKilobytes}
	o := sameHTTP(own)
	o.CommonHttpProtocolOptions.IdleTimeout = seconds(applicationIdle)
	inHTTP.TypedExtensionProtocolOptions = httpOptions(o)
	inHTTP2.TypedExtensionProtocolOptions = httpOptions(http2(own))
	cs := []*clusterv3.Cluster{inHTTP, inHTTP2, originalDestination(InboundTCPCluster)}
	for _, c := range cs {
		c.UpstreamBindConfig = inboundSource()
	}
	// Datagrams come from the pod's own address: an application that listens on
	// every address answers from the one that the asker's address leads to.
	cs = append(cs, originalDestination(InboundUDPCluster), originalDestination(PassthroughCluster))
	for _, p := range probes {
		if validProbe(p) {
			cs = append(cs, probeCluster(p))
		}
	}
	return cs
}

func inboundSource() *corev3.BindConfig {
	return &corev3.BindConfig{
		SourceAddress: socketAddress(inboundSource4, 0).GetSocketAddress(),
		ExtraSourceAddresses: []*corev3.ExtraSourceAddress{
			{Address: socketAddress(inboundSource6, 0).GetSocketAddress()},
		},
	}
}

func originalDestination(name string) *clusterv3.Cluster {
	return &clusterv3.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_ORIGINAL_DST},
		LbPolicy:             clusterv3.Cluster_CLUSTER_PROVIDED,
		ConnectTimeout:       seconds(connectTimeout),
		CircuitBreakers:      unlimited(),

		UpstreamConnectionOptions:     &clusterv3.UpstreamConnectionOptions{TcpKeepalive: keepalive()},
		PerConnectionBufferLimitBytes: u32(bufferLimit),
	}
}
