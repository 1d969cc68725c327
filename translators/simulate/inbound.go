package simulate

import (
	"fmt"
	"slices"

	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbacconfigv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
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
	chain := inboundChain(l, c)
	if chain == nil {
		return Verdict{}, nil
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
	rc := f.hcm.GetRouteConfig()
	if rds := f.hcm.GetRds(); rds != nil {
		if rc = r.Routes[rds.GetRouteConfigName()]; rc == nil {
			return v, fmt.Errorf("there is no route configuration %q", rds.GetRouteConfigName())
		}
	}
	return inboundHTTP(rc, c, v)
}

// inboundChain picks the chain as Envoy does: port before transport before
// application protocol. Calls with an identity come by mutual TLS.
func inboundChain(l *listenerv3.Listener, c Call) *listenerv3.FilterChain {
	transport, alpns := "raw_buffer", []string(nil)
	if c.SPIFFEID != "" {
		transport, alpns = "tls", c.ALPN
		if len(alpns) == 0 {
			alpns = []string{"weft"}
		}
	}
	var best *listenerv3.FilterChain
	score := -1
	for _, chain := range l.GetFilterChains() {
		m, s := chain.GetFilterChainMatch(), 0
		if p := m.GetDestinationPort(); p != nil {
			if p.GetValue() != uint32(c.To.Port()) {
				continue
			}
			s += 1 << 17
		}
		if t := m.GetTransportProtocol(); t != "" {
			if t != transport {
				continue
			}
			s += 1 << 16
		}
		if ps := m.GetApplicationProtocols(); len(ps) > 0 {
			i := slices.IndexFunc(alpns, func(a string) bool { return slices.Contains(ps, a) })
			if i < 0 {
				continue
			}
			s += len(alpns) - i // the caller's first choice wins
		}
		if s > score {
			best, score = chain, s
		}
	}
	if best == nil {
		return l.GetDefaultFilterChain()
	}
	return best
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
