package envoy

import (
	"net/netip"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
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

// BuildPodClusters are the clusters of the pod's own side: its application at
// whatever port was called, what lies outside of the mesh, and its probes.
func BuildPodClusters(probes []model.Probe) []*clusterv3.Cluster {
	inHTTP, inHTTP2 := originalDestination(InboundHTTPCluster), originalDestination(InboundHTTP2Cluster)
	inHTTP.TypedExtensionProtocolOptions = httpOptions(http1())
	inHTTP2.TypedExtensionProtocolOptions = httpOptions(http2())
	cs := []*clusterv3.Cluster{inHTTP, inHTTP2, originalDestination(InboundTCPCluster)}
	for _, c := range cs {
		c.UpstreamBindConfig = &corev3.BindConfig{
			SourceAddress: socketAddress(inboundSource4, 0).GetSocketAddress(),
			ExtraSourceAddresses: []*corev3.ExtraSourceAddress{
				{Address: socketAddress(inboundSource6, 0).GetSocketAddress()},
			},
		}
	}
	cs = append(cs, originalDestination(PassthroughCluster))
	for _, p := range probes {
		cs = append(cs, probeCluster(p))
	}
	return cs
}

func originalDestination(name string) *clusterv3.Cluster {
	return &clusterv3.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_ORIGINAL_DST},
		LbPolicy:             clusterv3.Cluster_CLUSTER_PROVIDED,
		ConnectTimeout:       seconds(connectTimeout),
		CircuitBreakers:      unlimited(),
	}
}

// probeName is the cluster of a probe; its path is unique in a pod.
func probeName(p model.Probe) string { return "probe|" + p.Path }

// probeCluster is the port that a probe asks for. TCP and gRPC are asked for by
// Envoy's own health check, whose verdict the probe's listener tells.
func probeCluster(p model.Probe) *clusterv3.Cluster {
	name := probeName(p)
	c := &clusterv3.Cluster{
		Name:                 name,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		ConnectTimeout:       duration(p.Timeout),
		LoadAssignment:       oneEndpoint(name, netip.AddrPortFrom(loopback, p.Port)),
	}
	switch p.Kind {
	case model.ProbeHTTPS: // as the kubelet does, without a look at the certificate
		c.TransportSocket = transportSocket(&tlsv3.UpstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{}})
	case model.ProbeTCP:
		c.HealthChecks = []*corev3.HealthCheck{healthCheck(p)}
	case model.ProbeGRPC:
		c.TypedExtensionProtocolOptions = httpOptions(http2())
		c.HealthChecks = []*corev3.HealthCheck{healthCheck(p)}
	}
	return c
}

// healthCheck asks once a second: the kubelet's own period and thresholds do
// the counting.
func healthCheck(p model.Probe) *corev3.HealthCheck {
	h := &corev3.HealthCheck{
		Timeout: duration(p.Timeout), Interval: seconds(1), NoTrafficInterval: seconds(1), NoTrafficHealthyInterval: seconds(1),
		UnhealthyInterval: seconds(1), UnhealthyThreshold: u32(1), HealthyThreshold: u32(1), ReuseConnection: nil,
		HealthChecker: &corev3.HealthCheck_TcpHealthCheck_{TcpHealthCheck: &corev3.HealthCheck_TcpHealthCheck{}},
	}
	if p.Kind == model.ProbeGRPC {
		h.HealthChecker = &corev3.HealthCheck_GrpcHealthCheck_{GrpcHealthCheck: &corev3.HealthCheck_GrpcHealthCheck{ServiceName: p.Service}}
	}
	return h
}
