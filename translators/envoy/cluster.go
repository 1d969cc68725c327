package envoy

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	upstreamhttpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/weft-mesh/weft/translators/model"
)

// connectTimeout bounds one attempt; a pod answers in a millisecond or is gone.
const connectTimeout = 2

// connectionLife bounds a connection between two sidecars; requests in flight
// end on it, new ones take another.
const connectionLife = 30 * 60

// connectionIdle is how long a connection is kept for the next request. It is
// less than the time that a server's sidecar gives connections to drain
// (webhooks, --drain-time-s), so that none is closed from that side while a
// request is on its way.
const connectionIdle = 25

// keepalive ends a connection after half a minute without a sign of life.
func keepalive() *corev3.TcpKeepalive {
	return &corev3.TcpKeepalive{KeepaliveTime: u32(15), KeepaliveInterval: u32(5), KeepaliveProbes: u32(3)}
}

// outside is the mark of endpoints that have no sidecar. Those without it are
// spoken to by mutual TLS: they are nearly all, and a mark is most of an endpoint.
const (
	outsideNamespace = "envoy.transport_socket_match"
	outsideKey       = "outside"
)

func outsideMark() *structpb.Struct {
	return &structpb.Struct{Fields: map[string]*structpb.Value{outsideKey: structpb.NewBoolValue(true)}}
}

// BuildCluster is one port of a Service. Plaintext goes to those endpoints alone
// that are marked as outside of the mesh.
func BuildCluster(v model.Cluster) *clusterv3.Cluster {
	c := clusterBody(v)
	return askingFor(c, fingerprint(c))
}

// clusterBody is a cluster that does not ask for endpoints yet.
func clusterBody(v model.Cluster) *clusterv3.Cluster {
	alpns := alpnsOfTCP
	switch {
	case v.Name.UDP:
		alpns = alpnsOfUDP
	case v.Protocol.IsHTTP():
		alpns = alpnsOfHTTP
	}
	c := &clusterv3.Cluster{
		Name:                 NameOf(v),
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS},
		ConnectTimeout:       seconds(connectTimeout),
		LbPolicy:             clusterv3.Cluster_LEAST_REQUEST,
		CircuitBreakers:      unlimited(),
		TransportSocket:      upstreamTLS(alpns, v.TrustDomain, v.Identities),
		// A peer whose node is gone says nothing.
		UpstreamConnectionOptions:     &clusterv3.UpstreamConnectionOptions{TcpKeepalive: keepalive()},
		PerConnectionBufferLimitBytes: u32(bufferLimit),
		TransportSocketMatches: []*clusterv3.Cluster_TransportSocketMatch{
			{Name: "plaintext", Match: outsideMark(), TransportSocket: plaintext()},
		},
		// A panic would send requests to pods that are not there any more.
		CommonLbConfig: &clusterv3.Cluster_CommonLbConfig{HealthyPanicThreshold: percent(0)},
	}
	if v.Protocol.IsHTTP() || v.Name.UDP {
		c.TypedExtensionProtocolOptions = httpOptions(clusterHTTP(v))
	}
	if v.Split {
		c.LbPolicy = clusterv3.Cluster_ROUND_ROBIN
		c.CommonLbConfig.LocalityConfigSpecifier = &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig_{
			LocalityWeightedLbConfig: &clusterv3.Cluster_CommonLbConfig_LocalityWeightedLbConfig{},
		}
	}
	if v.Address.IsValid() {
		c.AltStatName = ClusterName(v.Name)
	}
	return c
}

// clusterHTTP is how requests are carried. They keep their version of HTTP all
// the way, so that each is its own connection's where the application made it so
// (ADR 27).
func clusterHTTP(v model.Cluster) *upstreamhttpv3.HttpProtocolOptions {
	o := http2(v.Headers)
	if v.Protocol == model.ProtocolHTTP {
		o = sameHTTP(v.Headers)
	}
	// A connection keeps the certificates that it was opened with.
	o.CommonHttpProtocolOptions.MaxConnectionDuration = seconds(connectionLife)
	o.CommonHttpProtocolOptions.IdleTimeout = seconds(connectionIdle)
	if v.Protocol.IsHTTP() {
		// Here and not in routes, which are sent again for each new weight.
		o.RetryPolicy = retryUnprocessed()
	}
	return o
}

// askingFor has a cluster ask for its endpoints.
func askingFor(c *clusterv3.Cluster, print string) *clusterv3.Cluster {
	c.EdsClusterConfig = &clusterv3.Cluster_EdsClusterConfig{EdsConfig: overADS(), ServiceName: endpointsName(c.GetName(), print)}
	return c
}

// fingerprint makes a changed cluster ask for endpoints under a new name. One
// that kept the name would wait 15 s for an answer that nobody owes it.
func fingerprint(m proto.Message) string {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return "" // refused when it is encoded
	}
	return digest(b)
}

func digest(encoded []byte) string {
	sum := sha256.Sum256(encoded)
	var text [8]byte
	hex.Encode(text[:], sum[:4])
	return string(text[:])
}

func endpointsName(cluster, print string) string { return cluster + "#" + print }

// EndpointsName is the name that a cluster asks for its endpoints by.
func EndpointsName(c *clusterv3.Cluster) string { return c.GetEdsClusterConfig().GetServiceName() }

// BuildEndpoints is where a cluster's connections go. A backend without weight
// gets none: Envoy refuses a weight of zero.
func BuildEndpoints(name string, v model.Endpoints) *endpointv3.ClusterLoadAssignment {
	cla := &endpointv3.ClusterLoadAssignment{ClusterName: name}
	split := v.Split != (model.Key{})
	unit := weightUnit(v.Groups, func(g model.EndpointGroup) uint32 { return g.Weight })
	for _, g := range v.Groups {
		if g.Weight == 0 && len(v.Groups) > 1 {
			continue
		}
		l := &endpointv3.LocalityLbEndpoints{}
		if split || len(v.Groups) > 1 {
			l.Locality = &corev3.Locality{SubZone: g.Backend.String()}
			l.LoadBalancingWeight = u32(max(inUnits(g.Weight, unit), 1))
		}
		for _, e := range g.Endpoints {
			lb := lbEndpoint(e)
			if split {
				lb.Metadata = withShare(lb.GetMetadata(), v.Split, g.Backend)
			}
			l.LbEndpoints = append(l.LbEndpoints, lb)
		}
		cla.Endpoints = append(cla.Endpoints, l)
	}
	return cla
}

func lbEndpoint(e model.Endpoint) *endpointv3.LbEndpoint {
	lb := endpointAt(e.Addr)
	if !e.Meshed {
		lb.Metadata = &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{outsideNamespace: outsideMark()}}
	}
	return lb
}

func endpointAt(a netip.AddrPort) *endpointv3.LbEndpoint {
	return &endpointv3.LbEndpoint{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{
		Endpoint: &endpointv3.Endpoint{Address: socketAddress(a.Addr().String(), a.Port())},
	}}
}

// BuildDirectCluster is one address, for whoever dialled it.
func BuildDirectCluster(v model.DirectCluster) *clusterv3.Cluster {
	name := DirectName(v.Addr)
	c := &clusterv3.Cluster{
		Name: name,
		// Statistics of their own would be as many as there are pods.
		AltStatName:          directChain,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		ConnectTimeout:       seconds(connectTimeout),
		CircuitBreakers:      unlimited(),
		LoadAssignment:       oneEndpoint(name, v.Addr),

		UpstreamConnectionOptions:     &clusterv3.UpstreamConnectionOptions{TcpKeepalive: keepalive()},
		PerConnectionBufferLimitBytes: u32(bufferLimit),
	}
	if v.Closed {
		c.LoadAssignment = &endpointv3.ClusterLoadAssignment{ClusterName: name}
	}
	if len(v.Identities) > 0 {
		c.TransportSocket = upstreamTLS(alpnsOfTCP, v.TrustDomain, v.Identities)
	}
	return c
}

func oneEndpoint(cluster string, a netip.AddrPort) *endpointv3.ClusterLoadAssignment {
	return &endpointv3.ClusterLoadAssignment{ClusterName: cluster, Endpoints: []*endpointv3.LocalityLbEndpoints{
		{LbEndpoints: []*endpointv3.LbEndpoint{endpointAt(a)}},
	}}
}

// unlimited lifts Envoy's default of 1,024 connections and requests: a limit
// that nobody set would be answered with 503s that nobody expects.
func unlimited() *clusterv3.CircuitBreakers {
	const most = 1 << 30
	return &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
		MaxConnections: u32(most), MaxPendingRequests: u32(most), MaxRequests: u32(most), MaxRetries: u32(most),
	}}}
}
