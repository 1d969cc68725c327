package simulate

import (
	"fmt"
	"strings"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbacconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	networkinputsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/matching/common_inputs/network/v3"
	sslinputsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/matching/common_inputs/ssl/v3"
	envoymatcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"

	"github.com/weft-mesh/weft/translators/envoy"
)

// Verdict is what the server's sidecar makes of a call.
type Verdict struct {
	Chain string
	// Allowed tells that the application gets it.
	Allowed bool
	// Status is the answer to a request that it does not get; 0 where the
	// connection is closed.
	Status int
}

// Inbound evaluates a call in its server's sidecar.
func (r *Resources) Inbound(c Call) (Verdict, error) {
	l := r.Listeners[envoy.InboundListenerName]
	if l == nil {
		return Verdict{}, fmt.Errorf("there is no listener %q", envoy.InboundListenerName)
	}
	chain, err := inboundChain(l, c)
	if err != nil || chain == nil {
		return Verdict{}, err
	}
	v := Verdict{Chain: chain.GetName()}
	f, err := filtersOf(chain)
	if err != nil {
		return v, err
	}
	if f.rbac != nil {
		if ok, err := allows(f.rbac.GetMatcher(), f.rbac.GetRules(), c); err != nil || !ok {
			return v, err
		}
	}
	if f.hcm == nil {
		v.Allowed = f.tcp != nil
		return v, nil
	}
	if c.level, err = keepsLevelPath(f.hcm, c); err != nil {
		return v, err
	}
	rc := f.hcm.GetRouteConfig()
	if rds := f.hcm.GetRds(); rds != nil {
		if rc = r.Routes[rds.GetRouteConfigName()]; rc == nil {
			return v, fmt.Errorf("there is no route configuration %q", rds.GetRouteConfigName())
		}
	}
	return inboundHTTP(rc, c, v)
}

// inboundChain picks the chain: by port, then transport, then what the caller
// offers. Calls with an identity come by mutual TLS.
func inboundChain(l *listenerv3.Listener, c Call) (*listenerv3.FilterChain, error) {
	transport, alpns := "raw_buffer", []string(nil)
	if c.Method != "" {
		alpns = []string{"http/1.1"} // where a port's first bytes are looked at
	}
	if c.SPIFFEID != "" {
		transport, alpns = "tls", c.ALPN
		if len(alpns) == 0 {
			alpns = []string{"weft"}
		}
	}
	return chainBy(l, func(input proto.Message) (string, bool, error) {
		switch input.(type) {
		case *networkinputsv3.DestinationPortInput:
			return fmt.Sprint(c.To.Port()), true, nil
		case *networkinputsv3.TransportProtocolInput:
			return transport, true, nil
		case *networkinputsv3.ApplicationProtocolInput:
			return "'" + strings.Join(alpns, "','") + "'", len(alpns) > 0, nil
		}
		return "", false, fmt.Errorf("inbound chains are picked by an unknown input: %T", input)
	})
}

func inboundHTTP(rc *routev3.RouteConfiguration, c Call, v Verdict) (Verdict, error) {
	v.Status = 403
	if len(rc.GetVirtualHosts()) != 1 {
		return v, fmt.Errorf("route configuration %s: %d virtual hosts, want one", rc.GetName(), len(rc.GetVirtualHosts()))
	}
	route, err := pickRoute(rc, c)
	if err != nil {
		return v, err
	}
	if d := route.GetDirectResponse(); d != nil {
		v.Status = int(d.GetStatus())
		return v, nil
	}
	for _, config := range rc.GetVirtualHosts()[0].GetTypedPerFilterConfig() {
		m, err := config.UnmarshalNew()
		if err != nil {
			return v, fmt.Errorf("route configuration %s: %w", rc.GetName(), err)
		}
		per, ok := m.(*httprbacv3.RBACPerRoute)
		if !ok {
			continue
		}
		ok, err = allows(per.GetRbac().GetMatcher(), per.GetRbac().GetRules(), c)
		if err != nil || !ok {
			return v, err
		}
		v.Allowed, v.Status = true, 0
	}
	return v, nil
}

// allows evaluates one RBAC filter, with a matcher or with rules that allow
// everybody. A filter with neither lets everything through.
func allows(m *xdsmatcherv3.Matcher, rules *rbacconfigv3.RBAC, c Call) (bool, error) {
	if m == nil {
		if len(rules.GetPolicies()) > 0 {
			return false, fmt.Errorf("RBAC with a list of policies, which weft never sends")
		}
		return rules == nil || rules.GetAction() == rbacconfigv3.RBAC_DENY, nil
	}
	on, err := match(m, rbacInputs(c))
	if err != nil || on == nil {
		return false, err
	}
	action := &rbacconfigv3.Action{}
	if err := on.GetTypedConfig().UnmarshalTo(action); err != nil {
		return false, fmt.Errorf("RBAC action: %w", err)
	}
	return action.GetAction() == rbacconfigv3.RBAC_ALLOW, nil
}

func rbacInputs(c Call) inputs {
	return func(input proto.Message) (string, bool, error) {
		switch input := input.(type) {
		case *sslinputsv3.UriSanInput:
			return c.SPIFFEID, c.SPIFFEID != "", nil
		case *envoymatcherv3.HttpRequestHeaderMatchInput:
			v, ok := c.header(input.GetHeaderName())
			return v, ok, nil
		}
		return "", false, fmt.Errorf("RBAC by an unknown input: %T", input)
	}
}
