package envoy

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/model"
)

func encoded(t *testing.T, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func shuffled[T any](r *rand.Rand, s []T) []T {
	s = slices.Clone(s)
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	return s
}

func TestOrderThatMeansNothingChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	listener, route := must[*listenerv3.Listener](t), must[*routev3.RouteConfiguration](t)
	out, in := sampleListener(), sampleInbound(model.MTLSStrict)
	for i := range 50 {
		out.Exceptions = append(out.Exceptions, model.AddressRule{Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 19, 1, byte(i)}), uint16(80+i%3)), Protocol: model.ProtocolTCP})
		in.Ports[0].Policy.Callers = append(in.Ports[0].Policy.Callers, model.Caller{Identity: model.Identity{Namespace: "n", Name: string(rune('a' + i))}, Any: true})
	}
	wantListener := encoded(t, listener(BuildOutboundListener(out)))
	wantRoute := encoded(t, route(BuildInboundRoute(in.TrustDomain, in.Ports[0])))
	for range 20 {
		out.Exceptions, out.Ports = shuffled(r, out.Exceptions), shuffled(r, out.Ports)
		p := in.Ports[0]
		p.Policy.Callers = shuffled(r, p.Policy.Callers)
		if !bytes.Equal(encoded(t, listener(BuildOutboundListener(out))), wantListener) {
			t.Error("the order of addresses changes the listener")
		}
		if !bytes.Equal(encoded(t, route(BuildInboundRoute(in.TrustDomain, p))), wantRoute) {
			t.Error("the order of callers changes the routes")
		}
	}
}

// A cluster that changes under an unchanged EDS name would wait for endpoints
// that nobody owes it; one that changes its EDS name without need would lose its
// connections.
func TestEndpointsNameFollowsTheCluster(t *testing.T) {
	base := model.Cluster{Name: webService, Protocol: model.ProtocolHTTP, TrustDomain: "cluster.local", Identities: []model.Identity{back}}
	name := EndpointsName(BuildCluster(base))
	if !strings.HasPrefix(name, ClusterName(webService)+"#") || name != EndpointsName(BuildCluster(base)) {
		t.Errorf("got %q", name)
	}
	seen := map[string]string{name: "the first"}
	for what, change := range map[string]func(*model.Cluster){
		"identities":   func(c *model.Cluster) { c.Identities = []model.Identity{back, front} },
		"no identity":  func(c *model.Cluster) { c.Identities = nil },
		"protocol":     func(c *model.Cluster) { c.Protocol = model.ProtocolTCP },
		"trust domain": func(c *model.Cluster) { c.TrustDomain = "other" },
		"split":        func(c *model.Cluster) { c.Protocol, c.Split = model.ProtocolTCP, true },
	} {
		c := base
		change(&c)
		n := EndpointsName(BuildCluster(c))
		if before := seen[n]; before != "" {
			t.Errorf("%s: same name as %s", what, before)
		}
		seen[n] = what
	}
}

func TestWeightsOfAnySizeAreTaken(t *testing.T) {
	weights := []uint32{math.MaxUint32, 0, 1, math.MaxUint32 / 2, math.MaxUint32}
	var backends []model.WeightedCluster
	var groups []model.EndpointGroup
	for i, w := range weights {
		key := model.Key{Namespace: "shop", Name: string(rune('a' + i))}
		backends = append(backends, model.WeightedCluster{Cluster: model.ServicePort{Service: key, Port: 80}, Weight: w})
		groups = append(groups, model.EndpointGroup{Backend: key, Weight: w})
	}
	scope := must[*routev3.ScopedRouteConfiguration](t)(BuildOutbound(model.Outbound{Name: webService, Address: netip.MustParseAddr("198.19.0.1"), Routes: []model.OutboundRoute{{Backends: backends}}}))
	sum := uint64(0)
	got := scope.GetRouteConfiguration().GetVirtualHosts()[0].GetRoutes()[0].GetRoute().GetWeightedClusters().GetClusters()
	for i, c := range got {
		w := c.GetWeight().GetValue()
		if sum += uint64(w); (w == 0) != (weights[i] == 0) {
			t.Errorf("weight %d became %d", weights[i], w)
		}
	}
	if sum > math.MaxUint32 || got[0].GetWeight().GetValue() != got[4].GetWeight().GetValue() {
		t.Errorf("sum %d of %v", sum, got)
	}
	cla := BuildEndpoints("x", model.Endpoints{Cluster: webService, Groups: groups})
	if err := Validate(cla); err != nil || len(cla.GetEndpoints()) != 4 {
		t.Errorf("%v: %v", cla, err)
	}
	if cla = BuildEndpoints("x", model.Endpoints{Cluster: webService, Groups: groups[1:2]}); Validate(cla) != nil || len(cla.GetEndpoints()) != 1 {
		t.Errorf("the only group has no weight: %v", cla)
	}
}

// TestListenerViewIsEnough: what it leaves out makes no difference to the
// listener, so that a change of who may ask what is no change of it.
func TestListenerViewIsEnough(t *testing.T) {
	for _, mtls := range []model.MTLS{model.MTLSStrict, model.MTLSPermissive} {
		for _, all := range []bool{false, true} {
			in := sampleInbound(mtls)
			for i := range in.Ports {
				in.Ports[i].Policy.AllowAll = in.Ports[i].Policy.AllowAll || all
			}
			narrow := ListenerView(in)
			whole, err := BuildInboundListener(in)
			if err != nil {
				t.Fatal(err)
			}
			if l, err := BuildInboundListener(narrow); err != nil || !proto.Equal(l, whole) {
				t.Errorf("%s: another listener (%v)", mtls, err)
			}
			if len(in.Ports[0].Policy.Callers) == 0 || (!all && len(narrow.Ports[0].Policy.Callers) > 0) {
				t.Errorf("%s: the view was changed, or not narrowed", mtls)
			}
		}
	}
}

func TestValidateSeesWhatIsPackedDeep(t *testing.T) {
	in := sampleInbound(model.MTLSStrict)
	in.Ports[0].Policy.Callers[1].Routes[0].Match.Headers[0].Regex = "(?=x)"
	rc, err := BuildInboundRoute(in.TrustDomain, in.Ports[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := Validate(rc); err == nil || !strings.Contains(err.Error(), "(?=x)") {
		t.Errorf("a regex that RE2 refuses: got %v", err)
	}
	out := sampleOutbound()
	out.Routes[0].Match.PathRegex = `[/]+\Qa`
	scope, err := BuildOutbound(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := Validate(scope); err == nil {
		t.Error("an open quotation is taken")
	}
}
