package simulate

import (
	"net/netip"
	"strings"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/envoy"
)

// Resources are what one proxy runs, by name.
type Resources struct {
	Listeners map[string]*listenerv3.Listener
	Scopes    map[string]*routev3.ScopedRouteConfiguration
	Routes    map[string]*routev3.RouteConfiguration
	Clusters  map[string]*clusterv3.Cluster
	Endpoints map[string]*endpointv3.ClusterLoadAssignment
}

// NewResources makes an empty set.
func NewResources() *Resources {
	return &Resources{
		Listeners: map[string]*listenerv3.Listener{}, Scopes: map[string]*routev3.ScopedRouteConfiguration{},
		Routes: map[string]*routev3.RouteConfiguration{}, Clusters: map[string]*clusterv3.Cluster{},
		Endpoints: map[string]*endpointv3.ClusterLoadAssignment{},
	}
}

// Add takes resources in by their type; others are passed over.
func (r *Resources) Add(ms ...proto.Message) {
	for _, m := range ms {
		switch m := m.(type) {
		case *listenerv3.Listener:
			r.Listeners[m.GetName()] = m
		case *routev3.ScopedRouteConfiguration:
			r.Scopes[m.GetName()] = m
		case *routev3.RouteConfiguration:
			r.Routes[m.GetName()] = m
		case *clusterv3.Cluster:
			r.Clusters[m.GetName()] = m
		case *endpointv3.ClusterLoadAssignment:
			r.Endpoints[m.GetClusterName()] = m
		}
	}
}

// Call is one request, or one connection where Method is empty; with UDP a
// datagram.
type Call struct {
	UDP bool
	// To is where the application dials: for the caller's side a Service's or
	// pod's address, for the server's side the pod's.
	To netip.AddrPort
	// SPIFFEID is who calls, as the server sees it; empty for plaintext.
	SPIFFEID string
	// ALPN is what the caller's sidecar offers in the handshake, best first; "weft"
	// alone where it is empty.
	ALPN   []string
	Method string
	// Path may have a query.
	Path    string
	Headers map[string]string
	// level tells that the server's sidecar keeps LevelPathHeader.
	level bool
}

// header gives the value of a header or pseudo-header, as Envoy sees it after
// weft's own mutations.
func (c Call) header(name string) (string, bool) {
	path, _, _ := strings.Cut(c.Path, "?")
	switch name {
	case ":method":
		return c.Method, c.Method != ""
	case ":path":
		return c.Path, c.Path != ""
	case envoy.PathHeader:
		return path, c.Path != ""
	case envoy.LevelPathHeader:
		return path, c.level
	case ":authority":
		name = "host"
	}
	for k, v := range c.Headers {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return "", false
}
