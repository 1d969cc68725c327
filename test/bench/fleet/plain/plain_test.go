package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/weft-mesh/weft/test/bench/fleet/replay"
	"github.com/weft-mesh/weft/test/bench/fleet/sidecars"
)

func resource(t *testing.T, k sidecars.Kind, name string, m proto.Message) replay.Resource {
	t.Helper()
	body, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return replay.Resource{TypeURL: k.URL(), Name: name, Body: body}
}

func cluster(t *testing.T, name string) replay.Resource {
	return resource(t, sidecars.Cluster, name, &clusterv3.Cluster{Name: name, EdsClusterConfig: &clusterv3.Cluster_EdsClusterConfig{ServiceName: name + "#"}})
}

func endpoints(t *testing.T, name string, priority uint32) replay.Resource {
	return resource(t, sidecars.Endpoint, name+"#", &endpointv3.ClusterLoadAssignment{
		ClusterName: name + "#", Endpoints: []*endpointv3.LocalityLbEndpoints{{Priority: priority}},
	})
}

func scope(t *testing.T, name, routes string) replay.Resource {
	return resource(t, sidecars.ScopedRoute, name, &routev3.ScopedRouteConfiguration{Name: name, RouteConfigurationName: routes})
}

// listener looks routes up by scope, and one more by name.
func listener(t *testing.T) []replay.Resource {
	t.Helper()
	chain := func(h *hcmv3.HttpConnectionManager) *listenerv3.FilterChain {
		config, err := anypb.New(h)
		if err != nil {
			t.Fatal(err)
		}
		return &listenerv3.FilterChain{Filters: []*listenerv3.Filter{{Name: "http", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: config}}}}
	}
	return []replay.Resource{
		resource(t, sidecars.Listener, "all", &listenerv3.Listener{Name: "all", FilterChains: []*listenerv3.FilterChain{
			chain(&hcmv3.HttpConnectionManager{RouteSpecifier: &hcmv3.HttpConnectionManager_ScopedRoutes{ScopedRoutes: &hcmv3.ScopedRoutes{
				ConfigSpecifier: &hcmv3.ScopedRoutes_ScopedRds{ScopedRds: &hcmv3.ScopedRds{}},
			}}}),
			chain(&hcmv3.HttpConnectionManager{RouteSpecifier: &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{RouteConfigName: "inbound"}}}),
		}}),
		resource(t, sidecars.Route, "inbound", &routev3.RouteConfiguration{Name: "inbound"}),
	}
}

func recording(t *testing.T) *replay.Recording {
	return &replay.Recording{Resources: append(listener(t),
		cluster(t, "a"), endpoints(t, "a", 0), cluster(t, "b"), endpoints(t, "b", 0), scope(t, "198.18.0.1:80", "v1"))}
}

// world is a fleet behind the server, connected.
func world(t *testing.T, n int, keep sidecars.Keep) (*fleet, *sidecars.Fleet) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	f, address, err := serve(t.Context(), recording(t))
	if err != nil {
		t.Fatal(err)
	}
	var tokens []string
	for i := range n {
		tokens = append(tokens, fmt.Sprintf("web-%d", i))
	}
	clients := sidecars.New(sidecars.Options{Address: address, Tokens: tokens, Keep: keep, Secrets: []string{"workload", "roots"}})
	t.Cleanup(clients.Close)
	if err := clients.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	return f, clients
}

// await waits until all sidecars have acknowledged a change.
func await(t *testing.T, f *fleet, s *sidecars.Fleet, k sidecars.Kind, part string, changes ...replay.Resource) {
	t.Helper()
	w := s.Watch(k, part)
	if err := f.Apply(changes); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.Done():
	case <-time.After(time.Minute):
		t.Fatalf("%d sidecars acknowledged %s: %v", len(w.Times()), part, s.Failure())
	}
}

func TestSidecarsAskForWhatIsNamed(t *testing.T) {
	recorder := replay.NewRecorder()
	f, s := world(t, 5, func(k sidecars.Kind, name string, body []byte) { recorder.Keep(k.URL(), name, body) })
	got := map[string]bool{}
	for _, r := range recorder.Recording().Resources {
		got[r.TypeURL+" "+r.Name] = true
	}
	for kind, name := range map[sidecars.Kind]string{
		sidecars.Cluster: "a", sidecars.Endpoint: "b#", sidecars.ScopedRoute: "198.18.0.1:80",
		sidecars.Listener: "all", sidecars.Route: "inbound", sidecars.Secret: "workload",
	} {
		if !got[kind.URL()+" "+name] {
			t.Errorf("%s %q did not come; what came: %v", kind.URL(), name, got)
		}
	}
	await(t, f, s, sidecars.Endpoint, "a#", endpoints(t, "a", 1))
	await(t, f, s, sidecars.ScopedRoute, ":80", scope(t, "198.18.0.1:80", "v2"))
	// What a new cluster names is asked for, and what it was goes with it.
	await(t, f, s, sidecars.Endpoint, "c#", cluster(t, "c"), endpoints(t, "c", 0))
	gone := replay.Resource{TypeURL: sidecars.Cluster.URL(), Name: "c"}
	await(t, f, s, sidecars.Cluster, "c", gone, replay.Resource{TypeURL: sidecars.Endpoint.URL(), Name: "c#"})
}

// cutting is in front of a server, and cuts the first connection off once it has
// sent some bytes.
func cutting(t *testing.T, address string, after int64) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for first := true; ; first = false {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", address)
			if err != nil {
				in.Close()
				return
			}
			go io.Copy(out, in)
			from := io.Reader(out)
			if first {
				from = io.LimitReader(out, after)
			}
			go func() {
				io.Copy(in, from)
				in.Close()
				out.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// TestSidecarsThatAreCutOffGoOn: wherever the first connection ends, the next
// one brings what is missing.
func TestSidecarsThatAreCutOffGoOn(t *testing.T) {
	_, address, err := serve(t.Context(), recording(t))
	if err != nil {
		t.Fatal(err)
	}
	for after := int64(100); after < 2500; after += 100 {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			s := sidecars.New(sidecars.Options{Address: cutting(t, address, after), Tokens: []string{fmt.Sprint("web-", after)}, Secrets: []string{"workload", "roots"}})
			defer s.Close()
			if err := s.Connect(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSlowSidecarsAreNotWaitedFor(t *testing.T) {
	f, s := world(t, 3, nil)
	s.Slow(1)
	w := s.Watch(sidecars.Endpoint, "a#")
	if err := f.Apply([]replay.Resource{endpoints(t, "a", 1)}); err != nil {
		t.Fatal(err)
	}
	<-w.Done()
	if n := len(w.Times()); n != 2 {
		t.Errorf("%d sidecars are counted, 2 are not slow", n)
	}
}

func TestDelaysAreOfChangesThatWereTold(t *testing.T) {
	f, s := world(t, 4, nil)
	d := s.Time(sidecars.Endpoint)
	await(t, f, s, sidecars.Endpoint, "a#", endpoints(t, "a", 1))
	if q := d.Quantile(.99); q != 0 {
		t.Errorf("a change that nobody told of took %v", q)
	}
	d.Begin("b#")
	await(t, f, s, sidecars.Endpoint, "b#", endpoints(t, "b", 1))
	if d.Quantile(.5) == 0 {
		t.Error("no delay of a change that was told")
	}
}

func TestARecordingIsReadAsItWasWritten(t *testing.T) {
	r := replay.NewRecorder()
	r.Keep("type", "stays", []byte("v1"))
	r.Keep("type", "goes", []byte("v1"))
	r.Keep("type", "goes", nil)
	r.Of("event", false)
	r.Keep("type", "stays", []byte("v2"))
	r.Of("event", true)
	r.Keep("type", "stays", nil)
	file := filepath.Join(t.TempDir(), "recording")
	if err := r.Recording().Write(file); err != nil {
		t.Fatal(err)
	}
	got, err := replay.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Resources) != 1 || string(got.Resources[0].Body) != "v1" {
		t.Errorf("what there is: %+v", got.Resources)
	}
	event := got.Events["event"]
	if len(event.There) != 1 || string(event.There[0].Body) != "v2" || len(event.Back) != 1 || event.Back[0].Body != nil {
		t.Errorf("the event: %+v", event)
	}
}
