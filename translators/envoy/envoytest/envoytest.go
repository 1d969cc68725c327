// Package envoytest asks the real Envoy whether it would run what was built.
// Tests call it; it owns where Envoy is found and how resources that come over
// ADS are put before it without one.
package envoytest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	internallistenerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/bootstrap/internal_listener/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	upstreamhttpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// Binary finds Envoy: WEFT_ENVOY, or the PATH. Where there is none the test
// fails, or is left out if WEFT_NO_ENVOY says so.
func Binary(t testing.TB) string {
	t.Helper()
	for _, try := range []string{os.Getenv("WEFT_ENVOY"), "envoy"} {
		if path, err := exec.LookPath(try); try != "" && err == nil {
			return path
		}
	}
	if os.Getenv("WEFT_NO_ENVOY") != "" {
		t.Skip("WEFT_NO_ENVOY is set: Envoy itself was not asked")
	}
	t.Fatal("no envoy: run `make lab` and put its bin folder on the PATH, or name one in WEFT_ENVOY; WEFT_NO_ENVOY=1 leaves these tests out")
	return ""
}

// Accepts fails the test where Envoy refuses a resource. Routes, which proxies
// get over ADS, are put into listeners of their own.
func Accepts(t testing.TB, listeners []*listenerv3.Listener, clusters []*clusterv3.Cluster, routes []*routev3.RouteConfiguration) {
	t.Helper()
	b := &bootstrapv3.Bootstrap{
		Node: &corev3.Node{Id: "test", Cluster: "test"},
		DynamicResources: &bootstrapv3.Bootstrap_DynamicResources{AdsConfig: &corev3.ApiConfigSource{
			ApiType: corev3.ApiConfigSource_DELTA_GRPC, TransportApiVersion: corev3.ApiVersion_V3,
			GrpcServices: []*corev3.GrpcService{{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: "ads"}}}},
		}},
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{Clusters: append([]*clusterv3.Cluster{ads()}, clusters...)},
		LayeredRuntime:  largeRegexes(),
		BootstrapExtensions: []*corev3.TypedExtensionConfig{{
			Name: "envoy.bootstrap.internal_listener", TypedConfig: packed(&internallistenerv3.InternalListener{}),
		}},
	}
	for i, l := range listeners {
		l = proto.Clone(l).(*listenerv3.Listener)
		l.Name += "-" + strconv.Itoa(i)
		if l.GetInternalListener() == nil {
			protocol := l.GetAddress().GetSocketAddress().GetProtocol()
			l.Address, l.AdditionalAddresses = anyPort(protocol), nil // several pods' listeners have one
		}
		b.StaticResources.Listeners = append(b.StaticResources.Listeners, l)
	}
	for i, rc := range routes {
		b.StaticResources.Listeners = append(b.StaticResources.Listeners, holding(t, "routes-"+strconv.Itoa(i), rc))
	}
	text, err := protojson.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "bootstrap.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(Binary(t), "--mode", "validate", "--log-level", "error", "-c", file).CombinedOutput()
	// Envoy 1.40 crashes at the end of a validation where loggers share a scope of
	// figures; one that runs ends well.
	if err != nil && !bytes.Contains(out, []byte("configuration '"+file+"' OK")) {
		t.Errorf("Envoy refuses: %v\n%s", err, out)
	}
}

// largeRegexes is the bound of a regex's program, as the bootstrap has it.
func largeRegexes() *bootstrapv3.LayeredRuntime {
	layer := &structpb.Struct{Fields: map[string]*structpb.Value{"re2.max_program_size.error_level": structpb.NewNumberValue(65536)}}
	return &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{
		Name: "regexes", LayerSpecifier: &bootstrapv3.RuntimeLayer_StaticLayer{StaticLayer: layer},
	}}}
}

func ads() *clusterv3.Cluster {
	return &clusterv3.Cluster{
		Name: "ads", ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		TypedExtensionProtocolOptions: map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": packed(&upstreamhttpv3.HttpProtocolOptions{
			UpstreamProtocolOptions: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_{ExplicitHttpConfig: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig{
				ProtocolConfig: &upstreamhttpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{},
			}},
		})},
	}
}

// holding is a listener with routes in it, and the filters that they configure.
func holding(t testing.TB, name string, rc *routev3.RouteConfiguration) *listenerv3.Listener {
	t.Helper()
	m := &hcmv3.HttpConnectionManager{
		StatPrefix: name, RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: rc},
		UpgradeConfigs: []*hcmv3.HttpConnectionManager_UpgradeConfig{{UpgradeType: "websocket"}},
		HttpFilters: []*hcmv3.HttpFilter{
			{Name: "envoy.filters.http.rbac", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(&httprbacv3.RBAC{})}},
			{Name: "envoy.filters.http.router", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(&routerv3.Router{})}},
		},
	}
	return &listenerv3.Listener{
		Name:    name,
		Address: anyPort(corev3.SocketAddress_TCP),
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{{
			Name: "envoy.filters.network.http_connection_manager", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(m)},
		}}}},
	}
}

func anyPort(protocol corev3.SocketAddress_Protocol) *corev3.Address {
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Protocol: protocol, Address: "127.0.0.1", PortSpecifier: &corev3.SocketAddress_PortValue{},
	}}}
}

func packed(m proto.Message) *anypb.Any {
	a, err := anypb.New(m)
	if err != nil {
		panic(err) // the messages above are constants
	}
	return a
}
