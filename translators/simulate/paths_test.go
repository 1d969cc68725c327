package simulate

import (
	"math/rand/v2"
	"net/netip"
	"regexp"
	"slices"
	"testing"

	"github.com/weft-mesh/weft/translators/envoy"
	"github.com/weft-mesh/weft/translators/envoy/envoytest"
	"github.com/weft-mesh/weft/translators/model"
)

// Trap 36: what several rules allow together, be they
// few or so many that they are looked up, they allow however a path is read.
func TestPoliciesAllowPathsInAllReadings(t *testing.T) {
	r := rand.New(rand.NewPCG(33, 13))
	who := model.Identity{Namespace: "shop", Name: "front"}
	allowed, refused := 0, 0
	for range 100 {
		in := model.InboundPort{Port: 80, Protocol: model.ProtocolHTTP}
		c := model.Caller{Identity: who}
		var meant []*regexp.Regexp
		for range 1 + r.IntN(20) {
			re := envoytest.PathRules[r.IntN(len(envoytest.PathRules))]
			c.Routes = append(c.Routes, model.AllowedRoute{Name: re, Match: model.HTTPMatch{PathRegex: re}})
			meant = append(meant, regexp.MustCompile(`\A(?s:`+re+`)`))
		}
		in.Policy.Callers = []model.Caller{c}
		means := func(path string) bool {
			return slices.ContainsFunc(meant, func(re *regexp.Regexp) bool { return re.MatchString(path) })
		}
		resources := ofPort(t, in)
		for range 50 {
			path := envoytest.AnyPath(r)
			v, err := resources.Inbound(Call{Method: "GET", Path: path, SPIFFEID: who.SPIFFEID("weft.test"), To: netip.MustParseAddrPort("10.0.0.1:80")})
			if err != nil {
				t.Fatal(err)
			}
			if !v.Allowed {
				refused++
				continue
			}
			allowed++
			for _, reading := range envoytest.Readings(path, false) {
				if means(reading) {
					continue
				}
				t.Fatalf("%q is allowed, and is also read as %q: %+v", path, reading, c.Routes)
			}
		}
	}
	if allowed < 500 || refused < 500 {
		t.Errorf("%d are allowed, %d refused: that shows little", allowed, refused)
	}
}

func ofPort(t *testing.T, p model.InboundPort) *Resources {
	t.Helper()
	l, err := envoy.BuildInboundListener(model.Inbound{MTLS: model.MTLSStrict, TrustDomain: "weft.test", Ports: []model.InboundPort{p}})
	if err != nil {
		t.Fatal(err)
	}
	route, err := envoy.BuildInboundRoute("weft.test", p)
	if err != nil {
		t.Fatal(err)
	}
	r := NewResources()
	r.Add(l, route)
	return r
}
