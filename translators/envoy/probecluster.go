package envoy

import (
	"net/netip"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/weft-mesh/weft/translators/model"
)

// probeName is the cluster of a probe; its path is unique in a pod.
func probeName(p model.Probe) string { return "probe|" + p.Path }

// validProbe tells whether Envoy takes a probe. The injector writes no other,
// but it writes them where the pod's author can write as well.
func validProbe(p model.Probe) bool {
	return p.Port != 0 && strings.HasPrefix(p.Path, "/") && !strings.ContainsAny(p.Path, "?#") &&
		isVisible(p.Path) && isVisible(p.Target) && isVisible(p.Host)
}

// isVisible tells whether a text is visible ASCII, as paths and hosts are.
func isVisible(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// probeCluster is the port that a probe asks for, at the address that the
// kubelet dialled. TCP and gRPC are asked for by Envoy's own health check, whose
// verdict the probe's listener tells; that goes to loopback, for a health check
// has nobody's address to go to.
func probeCluster(p model.Probe) *clusterv3.Cluster {
	name := probeName(p)
	if p.Kind == model.ProbeTCP || p.Kind == model.ProbeGRPC {
		c := &clusterv3.Cluster{
			Name:                 name,
			ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
			LoadAssignment:       oneEndpoint(name, netip.AddrPortFrom(loopback, p.Port)),
			HealthChecks:         []*corev3.HealthCheck{healthCheck(p)},
			ConnectTimeout:       duration(probeTimeout(p)),
		}
		if p.Kind == model.ProbeGRPC {
			c.TypedExtensionProtocolOptions = httpOptions(http2(model.HeaderLimits{}))
		}
		return c
	}
	c := originalDestination(name)
	c.ConnectTimeout = duration(probeTimeout(p))
	c.UpstreamBindConfig = inboundSource()
	c.LbConfig = &clusterv3.Cluster_OriginalDstLbConfig_{OriginalDstLbConfig: &clusterv3.Cluster_OriginalDstLbConfig{UpstreamPortOverride: u32(uint32(p.Port))}}
	if p.Kind == model.ProbeHTTPS { // as the kubelet does, without a look at the certificate
		c.TransportSocket = transportSocket(&tlsv3.UpstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{
			TlsParams: &tlsv3.TlsParameters{TlsMaximumProtocolVersion: tlsv3.TlsParameters_TLSv1_3},
		}})
	}
	return c
}

func probeTimeout(p model.Probe) time.Duration {
	if p.Timeout <= 0 {
		return time.Second
	}
	return p.Timeout
}

// healthCheck asks twice while the kubelet asks once, so that its answer is no
// older than that; and each second while the application is not well, so that
// it is known at once when it is. The kubelet's own thresholds do the counting.
func healthCheck(p model.Probe) *corev3.HealthCheck {
	interval := duration(min(max(p.Period/2, time.Second), 10*time.Second))
	h := &corev3.HealthCheck{
		Timeout: duration(probeTimeout(p)), Interval: interval, NoTrafficInterval: seconds(1), NoTrafficHealthyInterval: interval,
		UnhealthyInterval: seconds(1), UnhealthyThreshold: u32(1), HealthyThreshold: u32(1),
		HealthChecker: &corev3.HealthCheck_TcpHealthCheck_{TcpHealthCheck: &corev3.HealthCheck_TcpHealthCheck{}},
	}
	if p.Kind == model.ProbeGRPC {
		h.HealthChecker = &corev3.HealthCheck_GrpcHealthCheck_{GrpcHealthCheck: &corev3.HealthCheck_GrpcHealthCheck{ServiceName: p.Service}}
	}
	return h
}
